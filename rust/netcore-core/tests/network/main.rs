//! The plugins that place by the network, through whole plans.

mod boutique;
mod cluster;
mod cost;
mod limits;
mod overhead_golden;
mod overhead_tables;
mod policies;
mod storage;
