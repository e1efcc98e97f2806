//! lapak-sdk
