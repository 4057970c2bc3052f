//! Tables of money: input and outcome.
