//! The pages over a real store: login, headers, language, filters, details.
