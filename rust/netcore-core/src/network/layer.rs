//! The rows and fields that are kept for one way of asking.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::field::Field;
use super::members::WorkloadNumber;
use super::row::UtilityRow;
use crate::node_set::NodeId;
use crate::topology::Direction;

/// What a row depends on beside its peer and the links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Terms {
    pub(super) direction: Direction,
    /// The bits of the target.
    pub(super) target: u32,
    pub(super) min_bandwidth_bps: u64,
}

/// All that may be kept of rows for one policy, and again of fields, in bytes: at 15,000 nodes
/// 4,000 rows and 1,000 fields.
const MOST_BYTES: usize = 128 << 20;
/// What a row takes for each slot, and a field.
const ROW_BYTES: usize = 2;
const FIELD_BYTES: usize = 8;
/// So many of each are kept in the largest cluster too.
const FEWEST: usize = 64;

/// A field that takes in more changes than it has peers, and these, without being asked for is
/// given up: to make it anew costs no more than was spent.
const IDLE_CHANGES: usize = 64;

/// Something that is kept, and when it was used last.
#[derive(Debug)]
struct Kept<T> {
    value: T,
    used: u64,
}

/// What is kept of one peer.
#[derive(Debug, Default)]
struct Host {
    row: Option<Kept<Arc<UtilityRow>>>,
    /// The fields that its row is a part of.
    users: Vec<WorkloadNumber>,
}

#[derive(Debug)]
struct KeptField {
    field: Kept<Arc<Field>>,
    /// How often it changed since it was used.
    changes: usize,
}

/// Rows by peer, and fields by workload.
#[derive(Debug, Default)]
pub(super) struct Layer {
    hosts: FxHashMap<NodeId, Host>,
    fields: FxHashMap<WorkloadNumber, KeptField>,
}

/// The layers of one policy.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub(super) by_terms: FxHashMap<Terms, Layer>,
    clock: u64,
    /// When it was last seen to that they are not too many.
    limited: u64,
}

/// So many uses go by between two looks at what is kept.
const USES_BETWEEN_LOOKS: u64 = 64;

impl Layers {
    /// The time of a use, later than all before.
    pub(super) fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Gives up the rows and the fields not used for longest, half of them, where there are more
    /// than may be kept over so many slots.
    pub(super) fn limit(&mut self, slots: usize) {
        if self.clock - self.limited < USES_BETWEEN_LOOKS {
            return;
        }
        self.limited = self.clock;
        let most = |bytes: usize| (MOST_BYTES / (bytes * slots.max(1))).max(FEWEST);
        let layers = || self.by_terms.values();
        let rows = layers().flat_map(|layer| layer.hosts.values().filter_map(|it| it.row.as_ref()));
        let rows = median_use(rows.map(|row| row.used), most(ROW_BYTES));
        let fields = layers().flat_map(|layer| layer.fields.values());
        let fields = median_use(fields.map(|it| it.field.used), most(FIELD_BYTES));
        for layer in self.by_terms.values_mut() {
            if let Some(since) = rows {
                for host in layer.hosts.values_mut() {
                    host.row.take_if(|row| row.used < since);
                }
                layer.hosts.retain(|_, host| !host.is_idle());
            }
            if let Some(since) = fields {
                let old = layer.fields.iter().filter(|(_, it)| it.field.used < since);
                let old: Vec<_> = old.map(|(&workload, _)| workload).collect();
                for workload in old {
                    layer.give_up(workload);
                }
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

impl Host {
    fn is_idle(&self) -> bool {
        self.row.is_none() && self.users.is_empty()
    }
}

impl Layer {
    /// The row of a peer, worked out where it is not at hand.
    pub(super) fn row(
        &mut self,
        peer: NodeId,
        now: u64,
        work_out: impl FnOnce() -> UtilityRow,
    ) -> Arc<UtilityRow> {
        let host = self.hosts.entry(peer).or_default();
        let row = host.row.get_or_insert_with(|| Kept {
            value: Arc::new(work_out()),
            used: now,
        });
        row.used = now;
        Arc::clone(&row.value)
    }

    /// The field of a workload, where it is at hand.
    pub(super) fn field(&mut self, workload: WorkloadNumber, now: u64) -> Option<Arc<Field>> {
        let kept = self.fields.get_mut(&workload)?;
        kept.changes = 0;
        kept.field.used = now;
        Some(Arc::clone(&kept.field.value))
    }

    /// Keeps a field up to date from now on.
    pub(super) fn keep(&mut self, workload: WorkloadNumber, field: &Arc<Field>, now: u64) {
        for peer in field.peers() {
            self.hosts.entry(peer).or_default().users.push(workload);
        }
        let field = Kept {
            value: Arc::clone(field),
            used: now,
        };
        self.fields
            .insert(workload, KeptField { field, changes: 0 });
    }

    /// Adds a pod that came to a peer to the field of its workload, where that is kept, or takes
    /// one out that left. The rest is with [`row`](Self::row).
    ///
    /// *Complexity*: O(N).
    pub(super) fn count(
        &mut self,
        workload: WorkloadNumber,
        (peer, adds): (NodeId, bool),
        now: u64,
        work_out: impl FnOnce() -> UtilityRow,
    ) {
        let Some(kept) = self.fields.get_mut(&workload) else {
            return;
        };
        kept.changes += 1;
        let is_idle = kept.changes > IDLE_CHANGES + kept.field.value.peers().len();
        if is_idle || !adds && kept.field.value.pods() == 1 {
            self.give_up(workload);
            return;
        }
        let row = self.row(peer, now, work_out);
        let Some(kept) = self.fields.get_mut(&workload) else {
            return;
        };
        let field = Arc::make_mut(&mut kept.field.value);
        let users = &mut self.hosts.entry(peer).or_default().users;
        if adds {
            if field.add(peer, &row, 1) {
                users.push(workload);
            }
        } else if field.subtract(peer, &row) {
            users.retain(|&user| user != workload);
        }
    }

    /// Looks again at the links between a peer and some slots; see [`UtilityRow::rewrite`].
    /// `utility` tells what the link of a slot is worth now.
    pub(super) fn rewrite(
        &mut self,
        peer: NodeId,
        slots: &[NodeId],
        turns: bool,
        utility: impl Fn(NodeId) -> Option<f32>,
    ) {
        let Some(host) = self.hosts.get_mut(&peer) else {
            return;
        };
        let Some(row) = host.row.as_mut().filter(|_| !host.users.is_empty()) else {
            // Nobody holds a sum of it, or it is unknown what the sums hold of it.
            self.give_up_host(peer);
            return;
        };
        let links: Vec<_> = slots.iter().map(|&slot| (slot, utility(slot))).collect();
        let row = Arc::make_mut(&mut row.value);
        let difference = row.rewrite(&links, turns);
        for user in &host.users {
            if let Some(kept) = self.fields.get_mut(user) {
                Arc::make_mut(&mut kept.field.value).rewrite(peer, row, &difference);
                kept.changes += 1;
            }
        }
    }

    /// Puts another row in the place of a peer's.
    pub(super) fn replace(&mut self, peer: NodeId, work_out: impl FnOnce() -> UtilityRow) {
        let Some(host) = self.hosts.get_mut(&peer) else {
            return;
        };
        let Some(kept) = host.row.as_mut().filter(|_| !host.users.is_empty()) else {
            self.give_up_host(peer);
            return;
        };
        let new = Arc::new(work_out());
        let old = std::mem::replace(&mut kept.value, Arc::clone(&new));
        for user in &host.users {
            if let Some(kept) = self.fields.get_mut(user) {
                Arc::make_mut(&mut kept.field.value).replace(peer, &old, &new);
                kept.changes += 1;
            }
        }
    }

    /// The peers of which something is kept.
    pub(super) fn peers(&self) -> Vec<NodeId> {
        self.hosts.keys().copied().collect()
    }

    /// Makes rows and fields ones over so many slots.
    pub(super) fn grow(&mut self, slots: usize) {
        for row in self.hosts.values_mut().filter_map(|it| it.row.as_mut()) {
            Arc::make_mut(&mut row.value).grow(slots);
        }
        for kept in self.fields.values_mut() {
            Arc::make_mut(&mut kept.field.value).grow(slots);
        }
    }

    /// Gives up the fields that nobody asked for while they took in many changes.
    pub(super) fn give_up_idle(&mut self) {
        let is_idle =
            |kept: &KeptField| kept.changes > IDLE_CHANGES + kept.field.value.peers().len();
        let idle = self.fields.iter().filter(|(_, kept)| is_idle(kept));
        let idle: Vec<_> = idle.map(|(&workload, _)| workload).collect();
        for workload in idle {
            self.give_up(workload);
        }
    }

    /// Forgets a field.
    fn give_up(&mut self, workload: WorkloadNumber) {
        let Some(kept) = self.fields.remove(&workload) else {
            return;
        };
        for peer in kept.field.value.peers() {
            if let Some(host) = self.hosts.get_mut(&peer) {
                host.users.retain(|&user| user != workload);
                if host.is_idle() {
                    self.hosts.remove(&peer);
                }
            }
        }
    }

    /// Forgets the row of a peer, and the fields that it is a part of.
    fn give_up_host(&mut self, peer: NodeId) {
        let Some(host) = self.hosts.get_mut(&peer) else {
            return;
        };
        host.row = None;
        for workload in host.users.clone() {
            self.give_up(workload);
        }
        self.hosts.remove(&peer);
    }

    /// Every row that is kept.
    pub(super) fn rows(&self) -> impl Iterator<Item = (NodeId, &UtilityRow)> {
        let rows = self.hosts.iter();
        rows.filter_map(|(&peer, host)| Some((peer, &*host.row.as_ref()?.value)))
    }

    /// Every field that is kept.
    pub(super) fn fields(&self) -> impl Iterator<Item = (WorkloadNumber, &Field)> {
        let fields = self.fields.iter();
        fields.map(|(&workload, kept)| (workload, &*kept.field.value))
    }
}
