//! Costs between zones, and the measured links that differ from them.
//!
//! What a link's zones cost is off from what it costs itself by, relatively:
//!
//! | network | tolerance | median | p90 | largest | links stored | memory, of dense |
//! |---|---|---|---|---|---|---|
//! | 400 nodes, 24 zones in 6 regions, spread 0.1 | 1 | 0.055 | 0.135 | 0.39 | 0.3 % | 0.05 |
//! | | 0.25 | 0.055 | 0.134 | 0.25 | 0.5 % | 0.06 |
//! | 490 nodes of `PlanetLab`, 32 clusters | 1 | 0.099 | 0.35 | 1.0 | 3.7 % | 0.18 |
//! | | 0.25 | 0.051 | 0.183 | 0.25 | 22 % | 0.91 |
//! | both | 0 | 0 | 0 | 0 | all known | 4, if all are known |
//!
//! So it serves networks that have zones, and sparse measurements of them. Where nodes lie anywhere
//! and most links are known, a dense matrix is both smaller and right.

use crate::error::Result;
use crate::kernel::SPAN;

use super::aligned::Square;
use super::dense::{Dense, Rows, weights};
use super::invalid;
use super::pods::Term;

/// A link whose cost is not that of its zones.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Measured {
    /// The node at the other end.
    node: u32,
    /// What the link costs itself: no rounding stands between it and what was measured.
    cost: f32,
}

/// A cost for every ordered pair of zones, and measured links beside them: O(Z² + links) memory.
///
/// The scores of a class of pods are worked out for each zone, handed to the zone's nodes, and
/// corrected for the measured links of the peers.
#[derive(Debug)]
pub(super) struct Zoned {
    /// The zone of each node.
    zone_of: Vec<u32>,
    between: Dense<f32>,
    /// Measured links from each node, by destination.
    from: Vec<Vec<Measured>>,
    /// Measured links to each node, by origin.
    to: Vec<Vec<Measured>>,
}

/// The scores of a class of pods by zone, and its peers.
pub(super) struct ZoneScores<'a> {
    zoned: &'a Zoned,
    by_zone: Vec<f32>,
    terms: &'a [Term],
}

impl Zoned {
    /// Costs between zones without any measured link.
    ///
    /// # Errors
    ///
    /// A node is in a zone that has no costs.
    pub(super) fn new(zone_of: Vec<u32>, between: Square<f32>) -> Result<Self> {
        let zones = between.size();
        if let Some(node) = zone_of.iter().position(|&zone| zone as usize >= zones) {
            let problem = format!(
                "[{node}] = {} is no zone: there are costs between {zones}",
                zone_of[node]
            );
            return Err(invalid("zones", problem));
        }
        Ok(Self {
            from: vec![Vec::new(); zone_of.len()],
            to: vec![Vec::new(); zone_of.len()],
            between: Dense::<f32>::new(between)?,
            zone_of,
        })
    }

    pub(super) fn nodes(&self) -> usize {
        self.zone_of.len()
    }

    /// Measured links.
    pub(super) fn links(&self) -> usize {
        self.from.iter().map(Vec::len).sum()
    }

    pub(super) fn is_symmetric(&self) -> bool {
        self.between.is_symmetric() && self.from == self.to
    }

    pub(super) fn nbytes(&self) -> usize {
        let lists = self.from.iter().chain(&self.to);
        let links = lists.map(|list| size_of_val(list) + list.capacity() * size_of::<Measured>());
        self.between.nbytes() + self.zone_of.capacity() * size_of::<u32>() + links.sum::<usize>()
    }

    pub(super) fn get(&self, origin: usize, destination: usize) -> f32 {
        let list = &self.from[origin];
        match list.binary_search_by_key(&(destination as u32), |link| link.node) {
            Ok(at) => list[at].cost,
            Err(_) => self.zone_cost(origin, destination),
        }
    }

    /// The cost between the zones of two nodes.
    pub(super) fn zone_cost(&self, origin: usize, destination: usize) -> f32 {
        let zone = |node: usize| self.zone_of[node] as usize;
        self.between.get(zone(origin), zone(destination))
    }

    /// Set one direction of a link. O(links of the two nodes).
    pub(super) fn set(&mut self, origin: usize, destination: usize, cost: f32) {
        put(&mut self.from[origin], destination, cost);
        put(&mut self.to[destination], origin, cost);
    }

    /// Take in links, sorted by origin and destination.
    pub(super) fn extend(&mut self, links: impl Iterator<Item = (usize, usize, f32)>) {
        for (origin, destination, cost) in links {
            self.set(origin, destination, cost);
        }
        for list in self.from.iter_mut().chain(&mut self.to) {
            list.shrink_to_fit();
        }
    }

    pub(super) fn scores<'a>(&'a self, terms: &'a [Term]) -> ZoneScores<'a> {
        let of_zones = terms.iter().map(|term| {
            let (peer, to, from) = weights(term);
            (self.zone_of[peer] as usize, to, from)
        });
        let rows: Rows<'_, f32> = self.between.rows(of_zones);
        let mut by_zone = vec![0.0; self.between.nodes()];
        for (index, sums) in by_zone.chunks_mut(SPAN).enumerate() {
            rows.sum(index * SPAN, sums, f32::NEG_INFINITY);
        }
        ZoneScores {
            zoned: self,
            by_zone,
            terms,
        }
    }
}

/// Set a link in a list that is sorted by node.
fn put(list: &mut Vec<Measured>, node: usize, cost: f32) {
    let link = Measured {
        node: node as u32,
        cost,
    };
    match list.binary_search_by_key(&link.node, |link| link.node) {
        Ok(at) => list[at] = link,
        Err(at) => list.insert(at, link),
    }
}

impl ZoneScores<'_> {
    /// Write the scores of the nodes from `start` on.
    pub(super) fn sum(&self, start: usize, sums: &mut [f32]) {
        let zoned = self.zoned;
        let end = start + sums.len();
        for (sum, &zone) in sums.iter_mut().zip(&zoned.zone_of[start..end]) {
            *sum = self.by_zone[zone as usize];
        }
        for (peer, to, from) in self.terms.iter().map(weights) {
            let mut correct = |links: &[Measured], weight: f32, is_to_peer: bool| {
                if weight <= 0.0 {
                    return;
                }
                let first = links.partition_point(|link| (link.node as usize) < start);
                for link in &links[first..] {
                    let node = link.node as usize;
                    if node >= end {
                        break;
                    }
                    let by_zone = if is_to_peer {
                        zoned.zone_cost(node, peer)
                    } else {
                        zoned.zone_cost(peer, node)
                    };
                    // What rounding leaves below 0 is 0.
                    let sum = &mut sums[node - start];
                    *sum = (*sum + weight * (link.cost - by_zone)).max(0.0);
                }
            };
            correct(&zoned.to[peer], to, true);
            correct(&zoned.from[peer], from, false);
        }
    }
}
