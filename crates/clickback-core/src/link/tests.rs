//! Tables of link: input and outcome.
