//! lapak-preview
