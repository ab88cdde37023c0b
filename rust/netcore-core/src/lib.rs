//! The placement engine of netcore.
