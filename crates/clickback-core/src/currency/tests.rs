//! Tables of currency: input and outcome.
