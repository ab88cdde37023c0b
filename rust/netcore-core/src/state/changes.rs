//! Which nodes changed since somebody looked last.

use crate::node_set::NodeId;

/// A log of changed nodes, so that what was worked out about the others stays good.
#[derive(Debug, Default)]
pub struct Changes {
    log: Vec<NodeId>,
    /// How many changes were noted before the first that the log still holds.
    dropped: u64,
}

/// Beyond this many changes it is as quick to look at every node again.
const LONGEST_LOG: usize = 1 << 16;

impl Changes {
    /// Notes that something about a node changed.
    pub(super) fn note(&mut self, node: NodeId) {
        if self.log.len() >= LONGEST_LOG {
            self.dropped += self.log.len() as u64;
            self.log.clear();
        }
        self.log.push(node);
    }

    /// How many changes there have been.
    pub fn count(&self) -> u64 {
        self.dropped + self.log.len() as u64
    }

    /// The nodes that changed after the first `count` changes, with repetitions; None where the
    /// log does not reach back that far.
    pub fn since(&self, count: u64) -> Option<&[NodeId]> {
        let from = count.checked_sub(self.dropped)?;
        self.log.get(from as usize..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_since() {
        let mut changes = Changes::default();
        changes.note(NodeId(4));
        let seen = changes.count();
        assert_eq!(changes.since(seen), Some(&[][..]));
        changes.note(NodeId(2));
        assert_eq!(changes.since(seen), Some(&[NodeId(2)][..]));
        for _ in 0..LONGEST_LOG {
            changes.note(NodeId(1));
        }
        assert_eq!(changes.since(seen), None);
        assert_eq!(changes.count(), LONGEST_LOG as u64 + 2);
    }
}
