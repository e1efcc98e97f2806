//! lapak-build
