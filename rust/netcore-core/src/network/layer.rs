//! The fields that are kept for one way of asking.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::field::Field;
use super::members::WorkloadNumber;
use super::peer_links::PeerLinks;
use crate::node_set::NodeId;
use crate::topology::Direction;

/// What the worth of a link depends on beside the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Terms {
    pub(super) direction: Direction,
    /// The bits of the target.
    pub(super) target: u32,
    pub(super) min_bandwidth_bps: u64,
}

/// A field that takes in more changes than it has peers, and these, without being asked for is
/// given up: to make it anew costs no more than was spent.
const IDLE_CHANGES: usize = 64;

#[derive(Debug)]
struct KeptField {
    value: Arc<Field>,
    /// When it was used last.
    used: u64,
    /// How often it changed since then.
    changes: usize,
}

impl KeptField {
    /// Whether to make it anew costs no more than was spent on it since it was used.
    fn is_idle(&self) -> bool {
        self.changes > IDLE_CHANGES + self.value.peers().len()
    }
}

/// The fields for one way of asking, by workload.
#[derive(Debug, Default)]
pub(super) struct Layer {
    fields: FxHashMap<WorkloadNumber, KeptField>,
    /// By peer, the fields that its links are a part of.
    users: FxHashMap<NodeId, Vec<WorkloadNumber>>,
}

impl Layer {
    /// The field of a workload, where it is at hand.
    pub(super) fn field(&mut self, workload: WorkloadNumber, now: u64) -> Option<Arc<Field>> {
        let kept = self.fields.get_mut(&workload)?;
        kept.changes = 0;
        kept.used = now;
        Some(Arc::clone(&kept.value))
    }

    /// Keeps a field up to date from now on.
    pub(super) fn keep(&mut self, workload: WorkloadNumber, field: &Arc<Field>, now: u64) {
        for peer in field.peers() {
            self.users.entry(peer).or_default().push(workload);
        }
        let kept = KeptField {
            value: Arc::clone(field),
            used: now,
            changes: 0,
        };
        self.fields.insert(workload, kept);
    }

    /// Whether the field of a workload is kept.
    pub(super) fn has_field(&self, workload: WorkloadNumber) -> bool {
        self.fields.contains_key(&workload)
    }

    /// Whether the links of a peer are a part of a field.
    pub(super) fn has_users(&self, peer: NodeId) -> bool {
        self.users.contains_key(&peer)
    }

    /// The peers whose links are a part of a field.
    pub(super) fn peers(&self) -> impl Iterator<Item = NodeId> {
        self.users.keys().copied()
    }

    /// When each field was used last.
    pub(super) fn uses(&self) -> impl Iterator<Item = u64> {
        self.fields.values().map(|kept| kept.used)
    }

    /// The field of a workload, where it is kept, to take in that a pod came, or that one left. It
    /// is given up where it changes more often than it is read.
    pub(super) fn field_to_change(
        &mut self,
        workload: WorkloadNumber,
        adds: bool,
    ) -> Option<&mut Field> {
        let kept = self.fields.get_mut(&workload)?;
        kept.changes += 1;
        if kept.is_idle() || !adds && kept.value.pods() == 1 {
            self.give_up(workload);
            return None;
        }
        let kept = self.fields.get_mut(&workload)?;
        Some(Arc::make_mut(&mut kept.value))
    }

    /// Counts a pod that came to a peer with these links in the field of its workload, or one that
    /// left.
    pub(super) fn count(&mut self, workload: WorkloadNumber, links: &PeerLinks, adds: bool) {
        let Some(kept) = self.fields.get_mut(&workload) else {
            return;
        };
        let field = Arc::make_mut(&mut kept.value);
        if adds {
            if field.count(links, 1) {
                self.users.entry(links.peer()).or_default().push(workload);
            }
        } else if field.discount(links) {
            self.forget_user(links.peer(), workload);
        }
    }

    /// Changes the fields that the links of a peer are a part of.
    pub(super) fn change_users(&mut self, peer: NodeId, mut change: impl FnMut(&mut Field)) {
        for user in self.users.get(&peer).into_iter().flatten() {
            if let Some(kept) = self.fields.get_mut(user) {
                kept.changes += 1;
                change(Arc::make_mut(&mut kept.value));
            }
        }
    }

    /// Makes the fields ones over so many slots.
    pub(super) fn grow(&mut self, slots: usize) {
        for kept in self.fields.values_mut() {
            Arc::make_mut(&mut kept.value).grow(slots);
        }
    }

    /// Gives up the fields that were not used since.
    pub(super) fn give_up_older(&mut self, since: u64) {
        self.give_up_where(|kept| kept.used < since);
    }

    /// Gives up the fields that nobody asked for while they took in many changes.
    pub(super) fn give_up_idle(&mut self) {
        self.give_up_where(KeptField::is_idle);
    }

    fn give_up_where(&mut self, is_of_no_use: impl Fn(&KeptField) -> bool) {
        let useless = self.fields.iter().filter(|(_, kept)| is_of_no_use(kept));
        let useless: Vec<_> = useless.map(|(&workload, _)| workload).collect();
        for workload in useless {
            self.give_up(workload);
        }
    }

    /// Forgets a field.
    fn give_up(&mut self, workload: WorkloadNumber) {
        if let Some(kept) = self.fields.remove(&workload) {
            for peer in kept.value.peers() {
                self.forget_user(peer, workload);
            }
        }
    }

    /// Forgets the fields that the links of a peer are a part of.
    pub(super) fn give_up_peer(&mut self, peer: NodeId) {
        for user in self.users.remove(&peer).unwrap_or_default() {
            self.give_up(user);
        }
    }

    fn forget_user(&mut self, peer: NodeId, workload: WorkloadNumber) {
        if let Some(users) = self.users.get_mut(&peer) {
            users.retain(|&user| user != workload);
            if users.is_empty() {
                self.users.remove(&peer);
            }
        }
    }

    /// Every field that is kept.
    pub(super) fn fields(&self) -> impl Iterator<Item = (WorkloadNumber, &Field)> {
        let fields = self.fields.iter();
        fields.map(|(&workload, kept)| (workload, &*kept.value))
    }
}
