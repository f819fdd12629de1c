//! pgrehearse
