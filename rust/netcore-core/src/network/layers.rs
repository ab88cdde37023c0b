//! The links of peers, and the fields by way of asking, that are kept for one policy.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::layer::{Layer, Terms};
use super::members::WorkloadNumber;
use super::peer_links::{PeerLinks, Side};
use crate::topology::Direction;

/// All that may be kept of links for one policy, and again of fields, in bytes: at 15,000 nodes
/// 1,000 fields.
const MOST_BYTES: usize = 128 << 20;
/// What a field takes for each slot.
const FIELD_BYTES: usize = 8;
/// So many of each are kept in the largest cluster too.
const FEWEST: usize = 64;

#[derive(Debug)]
struct KeptLinks {
    value: Arc<PeerLinks>,
    /// When they were used last.
    used: u64,
}

/// All that is kept for one policy.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub(super) by_terms: FxHashMap<Terms, Layer>,
    links: FxHashMap<Side, KeptLinks>,
    clock: u64,
    /// When it was last seen to that they are not too many.
    limited: u64,
}

/// So many uses go by between two looks at what is kept.
const USES_BETWEEN_LOOKS: u64 = 256;

impl Layers {
    /// The time of a use, later than all before.
    pub(super) fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// The links of a peer, looked up where they are not at hand.
    pub(super) fn links(
        &mut self,
        side: Side,
        look_up: impl FnOnce() -> PeerLinks,
    ) -> Arc<PeerLinks> {
        let now = self.tick();
        let kept = self.links.entry(side).or_insert_with(|| KeptLinks {
            value: Arc::new(look_up()),
            used: now,
        });
        kept.used = now;
        Arc::clone(&kept.value)
    }

    /// What is kept of the fields for one direction.
    pub(super) fn of_direction(
        &mut self,
        direction: Direction,
    ) -> impl Iterator<Item = (&Terms, &mut Layer)> {
        let layers = self.by_terms.iter_mut();
        layers.filter(move |(terms, _)| terms.direction == direction)
    }

    /// Whether a field of a workload is kept for a direction.
    pub(super) fn have_field(&self, workload: WorkloadNumber, direction: Direction) -> bool {
        let mut layers = self.by_terms.iter();
        layers.any(|(terms, layer)| terms.direction == direction && layer.has_field(workload))
    }

    /// Every peer whose links are kept, or are a part of a field.
    pub(super) fn sides(&self) -> FxHashSet<Side> {
        fn of_layer<'l>((terms, layer): (&'l Terms, &'l Layer)) -> impl Iterator<Item = Side> + 'l {
            let direction = terms.direction;
            layer.peers().map(move |peer| (peer, direction))
        }
        let users = self.by_terms.iter().flat_map(of_layer);
        users.chain(self.links.keys().copied()).collect()
    }

    /// The layers with a field that the links of a peer are a part of, and these links to be
    /// written anew. Where they are not kept it is unknown what the fields hold of them, and where
    /// no field holds them they are of no use: both are given up.
    pub(super) fn of_side(
        &mut self,
        side: Side,
    ) -> Option<(&mut PeerLinks, Vec<(&Terms, &mut Layer)>)> {
        let (peer, direction) = side;
        let all = self.by_terms.iter_mut();
        let mut users: Vec<_> = all
            .filter(|(terms, layer)| terms.direction == direction && layer.has_users(peer))
            .collect();
        if users.is_empty() {
            self.links.remove(&side);
            return None;
        }
        let Some(kept) = self.links.get_mut(&side) else {
            for (_, layer) in &mut users {
                layer.give_up_peer(peer);
            }
            return None;
        };
        Some((Arc::make_mut(&mut kept.value), users))
    }

    /// Makes the fields ones over so many slots.
    pub(super) fn grow(&mut self, slots: usize) {
        for layer in self.by_terms.values_mut() {
            layer.grow(slots);
        }
    }

    /// Every peer's links that are kept.
    pub(super) fn all_links(&self) -> impl Iterator<Item = (Side, &PeerLinks)> {
        let links = self.links.iter();
        links.map(|(&side, kept)| (side, &*kept.value))
    }

    /// Gives up the links and the fields not used for longest, half of them, where there are more
    /// than may be kept over so many slots.
    pub(super) fn limit(&mut self, slots: usize) {
        if self.clock - self.limited < USES_BETWEEN_LOOKS {
            return;
        }
        self.limited = self.clock;
        let most = |bytes: usize| (MOST_BYTES / bytes.max(1)).max(FEWEST);
        let bytes: usize = self.links.values().map(|it| it.value.bytes()).sum();
        let links = self.links.values().map(|kept| kept.used);
        let mean_bytes = bytes / self.links.len().max(1);
        if let Some(since) = median_use(links, most(mean_bytes)) {
            self.links.retain(|_, kept| kept.used >= since);
        }
        let fields = self.by_terms.values().flat_map(Layer::uses);
        if let Some(since) = median_use(fields, most(FIELD_BYTES * slots)) {
            for layer in self.by_terms.values_mut() {
                layer.give_up_older(since);
            }
        }
    }
}

/// The median of the times of use, where there are more than so many.
fn median_use(used: impl Iterator<Item = u64>, most: usize) -> Option<u64> {
    let mut used: Vec<u64> = used.collect();
    if used.len() <= most {
        return None;
    }
    let middle = used.len() / 2;
    Some(*used.select_nth_unstable(middle).1)
}
