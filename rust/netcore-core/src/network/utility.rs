//! What a cost policy makes of the links between the nodes and the placed pods.
//!
//! Utilities are kept as rows, one peer's links with every node, and as fields, the sums of the
//! rows of a workload's pods, so that scoring a pod takes one field for each of its dependencies
//! however many pods there are at the other end. Both are made when first asked for and follow
//! every change from then on: a pod that comes or goes adds or subtracts one row in the fields of
//! its workload, a link that changes rewrites its cells. All sums are of integers, so whatever
//! happened in whatever order leaves what counting anew gives, to the bit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::change::Change;
use super::field::{Field, MOST_PODS};
use super::layer::{Layers, Terms};
use super::members::WorkloadNumber;
use super::row::UtilityRow;
use super::{Bond, Declaration, Network, Replicas, pods};
use crate::cost::{CostPolicy, NEUTRAL, Need, PolicyChoice};
use crate::kernel::{self, BLOCK};
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

/// What the rows of a peer in one direction have in common, by slot.
struct Basis {
    rtt_ms: Vec<f32>,
    closeness: Vec<f32>,
    /// Room for what is made of them.
    utilities: Vec<f32>,
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

    /// The row of a peer.
    pub(crate) fn row(
        &self,
        network: &Network,
        peer: NodeId,
        direction: Direction,
        need: &Need,
    ) -> Arc<UtilityRow> {
        let work_out = || {
            let mut basis = self.basis(network, peer, direction);
            self.work_out(network, peer, direction, need, &mut basis)
        };
        if self.changes_with_reservations(network, need) {
            return Arc::new(work_out());
        }
        let mut layers = self.layers();
        let now = layers.tick();
        let layer = layers.by_terms.entry(Terms::new(direction, need));
        let row = layer.or_default().row(peer, now, work_out);
        layers.limit(network.topology.slots());
        row
    }

    /// The sum of the rows of the placed pods at the other end of a dependency, of which there are
    /// some.
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

    /// The sum of the rows of some pods.
    pub(super) fn sum(
        &self,
        network: &Network,
        replicas: &Replicas,
        direction: Direction,
        need: &Need,
    ) -> Field {
        let slots = network.topology.slots();
        let rows = replicas.iter().map(|(&peer, pods)| {
            let row = self.row(network, peer, direction, need);
            (peer, row, pods.len() as u32)
        });
        if pods(replicas) > MOST_PODS {
            return Field::of_many(slots, &rows.collect::<Vec<_>>());
        }
        let mut field = Field::new(slots);
        for (peer, row, pods) in rows {
            field.add(peer, &row, pods);
        }
        field
    }

    /// Whether rows for a need would change with every placement, since what is left of a known
    /// bandwidth does: those are worked out each time.
    fn changes_with_reservations(&self, network: &Network, need: &Need) -> bool {
        self.policy.reads_bandwidth(need) && !network.topology.bandwidth_bps().is_blank()
    }

    pub(super) fn layers(&self) -> MutexGuard<'_, Layers> {
        self.layers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A pod of a workload came to a node, or left it.
    ///
    /// *Complexity*: O(N) for each field of the workload that is kept.
    pub(super) fn count(
        &self,
        network: &Network,
        workload: WorkloadNumber,
        (peer, adds): (NodeId, bool),
    ) {
        let mut layers = self.layers();
        let now = layers.tick();
        // All rows that one placement asks for begin alike.
        let mut by_direction = BTreeMap::new();
        for (terms, layer) in &mut layers.by_terms {
            let (direction, need) = (terms.direction, terms.need());
            layer.count(workload, (peer, adds), now, || {
                let basis = by_direction
                    .entry(direction)
                    .or_insert_with(|| self.basis(network, peer, direction));
                self.work_out(network, peer, direction, &need, basis)
            });
        }
        layers.limit(network.topology.slots());
    }

    /// Links changed: their cells are written anew.
    ///
    /// *Complexity*: for each changed peer of which a row is kept, O(links), and O(N) where that
    /// changes what an unknown link counts; for a node that came, went or moved also O(N).
    pub(super) fn rewrite(&self, network: &Network, change: &Change) {
        let mut layers = self.layers();
        if self.version.is_some() {
            // It looks at all links, and is made anew.
            layers.by_terms.clear();
            return;
        }
        let slots = network.topology.slots();
        let present = network.topology.present();
        layers
            .by_terms
            .retain(|terms, _| !self.changes_with_reservations(network, &terms.need()));
        for (terms, layer) in &mut layers.by_terms {
            let (direction, need) = (terms.direction, terms.need());
            let utility = |peer, slot| {
                let is_present = present.contains(slot);
                is_present.then(|| self.of_link(network, slot, peer, direction, &need))
            };
            match change {
                Change::Links(by_peer) => {
                    for (&peer, others) in by_peer {
                        layer.rewrite(peer, others, false, |slot| utility(peer, slot));
                    }
                }
                &Change::Node { node, turns } => {
                    layer.grow(slots);
                    for peer in layer.peers() {
                        if peer == node {
                            layer.replace(peer, || {
                                let mut basis = self.basis(network, peer, direction);
                                self.work_out(network, peer, direction, &need, &mut basis)
                            });
                        } else if node.index() < slots {
                            layer.rewrite(peer, &[node], turns, |slot| utility(peer, slot));
                        }
                    }
                }
            }
            layer.give_up_idle();
        }
    }

    fn basis(&self, network: &Network, peer: NodeId, direction: Direction) -> Basis {
        let planes = [network.topology.rtt_ms()];
        let rtt_ms = network.row(peer, direction, &planes, &self.declared);
        let mut closeness = vec![0.0; rtt_ms.len()];
        let near_rtt_ms = self.near_rtt_ms;
        kernel::closenesses(&mut closeness, &rtt_ms, near_rtt_ms, NEUTRAL, CLOSENESS);
        Basis {
            closeness,
            utilities: vec![0.0; rtt_ms.len()],
            rtt_ms,
        }
    }

    fn work_out(
        &self,
        network: &Network,
        peer: NodeId,
        direction: Direction,
        need: &Need,
        basis: &mut Basis,
    ) -> UtilityRow {
        let utilities = &mut basis.utilities;
        let supposed_bps = self.supposed_bps(network, peer, direction, need);
        let blocks = utilities.chunks_mut(BLOCK);
        let rtt_ms = basis.rtt_ms.chunks(BLOCK);
        let closeness = basis.closeness.chunks(BLOCK);
        for ((utilities, rtt_ms), closeness) in blocks.zip(rtt_ms).zip(closeness) {
            self.policy.utilities(rtt_ms, supposed_bps, need, utilities);
            kernel::multiply(utilities, closeness);
        }
        // Only of links that were measured is more known than a round trip.
        let (topology, slot) = (&network.topology, peer.index());
        let mut look_closer = |node: usize| {
            let candidate = NodeId(node as u32);
            if candidate != peer {
                let path = self.path(network, (candidate, peer), direction, need, supposed_bps);
                utilities[node] = self.of_path(&path, need);
            }
        };
        for way in [Direction::To, Direction::From] {
            let known = topology.loss().row(slot, way).known();
            known.for_each(|(node, _)| look_closer(node));
        }
        if self.policy.reads_bandwidth(need) {
            let known = topology.bandwidth_bps().row(slot, direction).known();
            known.for_each(|(node, _)| look_closer(node));
        }
        UtilityRow::new(peer, utilities, topology.present())
    }
}
