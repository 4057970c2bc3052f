//! Tables of macros: input and outcome.
