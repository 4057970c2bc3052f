//! Tables of params: input and outcome.
