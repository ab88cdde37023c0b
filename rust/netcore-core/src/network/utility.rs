//! What a cost policy makes of the links between the nodes and the placed pods.
//!
//! The links of a peer with every node are kept, and fields: sums of what the links to a workload's
//! pods are worth to a need, so that scoring a pod takes one field for each of its dependencies
//! however many pods there are at the other end. Both are made when first asked for and follow
//! every change from then on ([`upkeep`](super::upkeep)).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::field::{Field, MOST_PODS};
use super::layer::Terms;
use super::layers::Layers;
use super::peer_links::PeerLinks;
use super::worth::Sums;
use super::{Bond, Declaration, Network, Replicas, pods};
use crate::cost::{CostPolicy, NEUTRAL, Need, PolicyChoice};
use crate::kernel;
use crate::node_set::NodeId;
use crate::topology::{Declared, Direction};

/// How much of a utility is up to closeness alone.
///
/// Within a dependency's target every link is as good as any other to `slo`; with a generous
/// target, such as a `maxNetworkCost` that is meant as a limit, that would be all of them. So a
/// tenth of each utility falls with the round trip, half of it by the length that stands for
/// *near*: enough to choose between equals, too little to outweigh a missed target. A heuristic.
const CLOSENESS: f32 = 0.1;

/// One policy over the links as they are.
#[derive(Debug)]
pub(crate) struct Utilities {
    /// Of the links, where the policy looks at all of them.
    pub(super) version: Option<u64>,
    pub(super) policy: Box<dyn CostPolicy>,
    pub(super) declared: Arc<Declared>,
    pub(super) near_rtt_ms: f32,
    pub(super) layers: Mutex<Layers>,
}

impl Network {
    /// The utilities of the links by a policy.
    pub(crate) fn utilities(
        &self,
        choice: PolicyChoice,
        declaration: &Declaration,
    ) -> Arc<Utilities> {
        let near_rtt_ms = self.near_rtt_ms();
        let version = choice.looks_at_all_links().then_some(self.links_version);
        let work_out = || {
            let declared = self.declared(declaration);
            Arc::new(Utilities {
                version,
                policy: choice.over(&self.topology, declared.max_cost()),
                declared,
                near_rtt_ms,
                layers: Mutex::default(),
            })
        };
        let is_good = |known: &Arc<Utilities>| {
            known.version == version && known.near_rtt_ms.to_bits() == near_rtt_ms.to_bits()
        };
        self.utilities
            .get_if(&(choice, declaration.clone()), is_good, work_out)
    }
}

impl Terms {
    fn new(direction: Direction, need: &Need) -> Self {
        Self {
            direction,
            target: need.target_rtt_ms.to_bits(),
            min_bandwidth_bps: need.min_bandwidth_bps as u64,
        }
    }

    pub(super) fn need(&self) -> Need {
        Need {
            target_rtt_ms: f32::from_bits(self.target),
            min_bandwidth_bps: self.min_bandwidth_bps as f64,
        }
    }
}

impl Utilities {
    /// The declared costs that count where nobody measured.
    pub(crate) fn declared(&self) -> &Declared {
        &self.declared
    }

    /// What a dependency asks of a link: its target is its `maxNetworkCost`, or what is near.
    pub(crate) fn need(&self, dependency: &crate::app_graph::Dependency) -> Need {
        let limit = dependency.max_network_cost.map(|limit| limit as f32);
        Need {
            target_rtt_ms: limit.unwrap_or(self.near_rtt_ms),
            min_bandwidth_bps: dependency.min_bandwidth_bps as f64,
        }
    }

    /// The factor that prefers the nearer of two links that serve equally well.
    #[inline]
    pub(super) fn closeness(&self, rtt_ms: f32) -> f32 {
        kernel::closeness(rtt_ms, self.near_rtt_ms, NEUTRAL, CLOSENESS)
    }

    /// What is worth 1 over links of some round trips, as integers, not rounded: by their
    /// [`closeness`](Self::closeness).
    pub(super) fn ones(&self, rtt_ms: &[f32], ones: &mut [f32]) {
        kernel::ones(ones, rtt_ms, self.near_rtt_ms, NEUTRAL, CLOSENESS);
    }

    /// By slot, what a node's link to a peer is worth, in units of 1 / [`ONE`](super::ONE).
    ///
    /// *Complexity*: O(N).
    pub(crate) fn worth(
        &self,
        network: &Network,
        peer: NodeId,
        direction: Direction,
        need: &Need,
    ) -> Vec<u32> {
        let links = self.links(network, peer, direction, need);
        self.worth_of(&links, *need, network.topology.slots())
    }

    fn worth_of(&self, links: &PeerLinks, need: Need, slots: usize) -> Vec<u32> {
        let mut worth = vec![0; slots];
        let sums = Sums {
            need,
            times: 1,
            cells: &mut worth,
        };
        self.add(links, &mut [sums]);
        worth
    }

    /// The links of a peer as a need asks for them.
    fn links(
        &self,
        network: &Network,
        peer: NodeId,
        direction: Direction,
        need: &Need,
    ) -> Arc<PeerLinks> {
        if self.changes_with_reservations(network, need) {
            let supposed_bps = self.supposed_bps(network, peer, direction, need);
            let links = PeerLinks::new(self, network, (peer, direction), supposed_bps);
            return Arc::new(links);
        }
        let (mut layers, side) = (self.layers(), (peer, direction));
        let links = layers.links(side, || PeerLinks::new(self, network, side, None));
        layers.limit(network.topology.slots());
        links
    }

    /// The sum over the placed pods at the other end of a dependency, of which there are some, of
    /// what the links to them are worth.
    ///
    /// *Complexity*: O(1) where it is at hand; else O(N × nodes with such pods).
    pub(crate) fn field(&self, network: &Network, bond: &Bond<'_>) -> Arc<Field> {
        let (direction, need) = (bond.direction, self.need(bond.dependency));
        if self.changes_with_reservations(network, &need) || pods(bond.replicas) > MOST_PODS {
            return Arc::new(self.sum(network, bond.replicas, direction, &need));
        }
        let terms = Terms::new(direction, &need);
        let at_hand = {
            let mut layers = self.layers();
            let now = layers.tick();
            let layer = layers.by_terms.get_mut(&terms);
            layer.and_then(|layer| layer.field(bond.workload, now))
        };
        at_hand.unwrap_or_else(|| {
            let field = Arc::new(self.sum(network, bond.replicas, direction, &need));
            let mut layers = self.layers();
            let now = layers.tick();
            let layer = layers.by_terms.entry(terms).or_default();
            layer.keep(bond.workload, &field, now);
            layers.limit(network.topology.slots());
            field
        })
    }

    /// The sum over some pods of what the links to them are worth.
    pub(super) fn sum(
        &self,
        network: &Network,
        replicas: &Replicas,
        direction: Direction,
        need: &Need,
    ) -> Field {
        let slots = network.topology.slots();
        let peers = replicas.iter().map(|(&peer, pods)| {
            let links = self.links(network, peer, direction, need);
            (links, pods.len() as u32)
        });
        if pods(replicas) > MOST_PODS {
            let worth = |links: &PeerLinks| self.worth_of(links, *need, slots);
            return Field::of_many(
                slots,
                peers.map(|(links, pods)| (worth(&links), links, pods)),
            );
        }
        let mut field = Field::new(slots);
        for (links, pods) in peers {
            self.add(&links, &mut [field.addend(*need, pods)]);
            field.count(&links, pods);
        }
        field
    }

    /// Whether what links are worth to a need changes with every placement, since what is left of a
    /// known bandwidth does: that is worked out each time.
    pub(super) fn changes_with_reservations(&self, network: &Network, need: &Need) -> bool {
        self.policy.reads_bandwidth(need) && !network.topology.bandwidth_bps().is_blank()
    }

    pub(super) fn layers(&self) -> MutexGuard<'_, Layers> {
        self.layers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
