//! The `NodeNetwork` objects behind a topology, written in as they come, expire and go.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Link, NodeNetwork, Peer, Topology};

/// What the nodes report of their paths, by node name.
///
/// A report may come before its node or its peers do: it is kept, and its cells appear when both
/// ends have joined. What stands in a cell depends on nothing but the valid reports of its two
/// ends, so that any order of events leaves the same topology: the report of the origin where it
/// has the destination among its peers, else what the destination's tells of the way back (its
/// round trip, and the loss that it saw coming), else nothing.
#[derive(Clone, Debug, Default)]
pub struct Reports {
    by_node: FxHashMap<Arc<str>, NodeNetwork>,
    /// Per peer: the nodes whose reports have it, itself known or not.
    origins: FxHashMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// Ends of validity, in order.
    deadlines: BTreeSet<(Time, Arc<str>)>,
    now: Time,
}

/// Unix seconds, ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Time(f64);

impl Eq for Time {}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Time {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Reports {
    /// Number of reports, valid or not.
    pub fn len(&self) -> usize {
        self.by_node.len()
    }

    /// Whether there is no report.
    pub fn is_empty(&self) -> bool {
        self.by_node.is_empty()
    }

    /// Number of reports past their validity.
    pub fn expired(&self) -> usize {
        self.deadlines
            .iter()
            .take_while(|(deadline, _)| *deadline < self.now)
            .count()
    }

    /// The report of a node, while it is valid.
    pub fn valid(&self, node: &str) -> Option<&NodeNetwork> {
        self.by_node
            .get(node)
            .filter(|report| self.is_valid(report))
    }

    /// Take in a report in place of the node's last one.
    ///
    /// *Complexity*: O(peers before and after).
    pub fn apply(&mut self, report: NodeNetwork, topology: &mut Topology) {
        let node = Arc::clone(&report.node);
        let mut affected = self.unlist(&node);
        affected.extend(report.peers().iter().map(|peer| Arc::clone(&peer.node)));
        for peer in report.peers() {
            self.origins
                .entry(Arc::clone(&peer.node))
                .or_default()
                .insert(Arc::clone(&node));
        }
        self.deadlines
            .insert((Time(report.valid_until), Arc::clone(&node)));
        self.by_node.insert(Arc::clone(&node), report);
        self.refresh(&node, &affected, topology);
    }

    /// Forget the report of a node; false where there was none.
    pub fn delete(&mut self, node: &str, topology: &mut Topology) -> bool {
        let affected = self.unlist(node);
        let existed = self.by_node.remove(node).is_some();
        self.refresh(node, &affected, topology);
        existed
    }

    /// Judge by another time which reports are valid; whether that changed any.
    pub fn set_time(&mut self, now: f64, topology: &mut Topology) -> bool {
        let (earlier, later) = (self.now.min(Time(now)), self.now.max(Time(now)));
        self.now = Time(now);
        // Valid at the one time and not at the other: those that end in between.
        let start: (Time, Arc<str>) = (earlier, "".into());
        let turned: Vec<Arc<str>> = self
            .deadlines
            .range(start..)
            .take_while(|(deadline, _)| *deadline < later)
            .map(|(_, node)| Arc::clone(node))
            .collect();
        for node in &turned {
            let peers = self.by_node[node].peers().iter();
            let affected = peers.map(|peer| Arc::clone(&peer.node)).collect();
            self.refresh(node, &affected, topology);
        }
        !turned.is_empty()
    }

    /// Write what the reports tell of a node that has just joined.
    pub fn joined(&self, node: &str, topology: &mut Topology) {
        let mut affected: BTreeSet<_> = self.origins.get(node).cloned().unwrap_or_default();
        if let Some(report) = self.by_node.get(node) {
            affected.extend(report.peers().iter().map(|peer| Arc::clone(&peer.node)));
        }
        self.refresh(node, &affected, topology);
    }

    /// Time since the observation behind a cell, s; NaN where no report is behind it.
    pub fn age_s(&self, origin: &str, destination: &str) -> f32 {
        let report = self
            .valid(origin)
            .filter(|report| report.peer(destination).is_some())
            .or_else(|| {
                self.valid(destination)
                    .filter(|report| report.peer(origin).is_some())
            });
        report.map_or(f32::NAN, |report| self.age_of(report))
    }

    /// Write into each link that a report is behind how long ago it was observed.
    pub fn date(&self, topology: &mut Topology) {
        for report in self.by_node.values().filter(|report| self.is_valid(report)) {
            let Some(origin) = topology.node(&report.node) else {
                continue;
            };
            let age_s = self.age_of(report);
            for peer in report.peers() {
                let Some(there) = topology.node(&peer.node) else {
                    continue;
                };
                let tells_back = self
                    .valid(&peer.node)
                    .is_some_and(|it| it.peer(&report.node).is_some());
                topology.date(origin, there, age_s);
                if !tells_back {
                    topology.date(there, origin, age_s);
                }
            }
        }
    }

    fn is_valid(&self, report: &NodeNetwork) -> bool {
        Time(report.valid_until) >= self.now
    }

    /// Time since a report's measurements were taken, s.
    fn age_of(&self, report: &NodeNetwork) -> f32 {
        (self.now.0 - report.observed_at).max(0.0) as f32
    }

    /// Take a node's report out of the indices; its peers.
    fn unlist(&mut self, node: &str) -> BTreeSet<Arc<str>> {
        let Some(report) = self.by_node.get(node) else {
            return BTreeSet::new();
        };
        self.deadlines
            .remove(&(Time(report.valid_until), Arc::clone(&report.node)));
        let peers: BTreeSet<_> = report
            .peers()
            .iter()
            .map(|peer| Arc::clone(&peer.node))
            .collect();
        for peer in &peers {
            if let Some(origins) = self.origins.get_mut(peer) {
                origins.remove(node);
                if origins.is_empty() {
                    self.origins.remove(peer);
                }
            }
        }
        peers
    }

    /// Write the cells between a node and others, both ways, where both ends have joined.
    fn refresh(&self, node: &str, others: &BTreeSet<Arc<str>>, topology: &mut Topology) {
        let Some(here) = topology.node(node) else {
            return;
        };
        let report = self.valid(node);
        for other in others {
            let Some(there) = topology.node(other) else {
                continue;
            };
            let told = report.and_then(|report| report.peer(other));
            let told_back = self.valid(other).and_then(|report| report.peer(node));
            topology.set(here, there, &link(told, told_back));
            topology.set(there, here, &link(told_back, told));
        }
    }
}

/// The link to a node from what is told of it, and by itself of the way back.
fn link(told: Option<&Peer>, told_back: Option<&Peer>) -> Link {
    match told {
        Some(peer) => peer.to,
        None => told_back.map_or(Link::UNKNOWN, |peer| peer.from),
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values are copied, not computed")]
mod tests {
    use std::collections::BTreeMap;

    use super::super::node_network::tests::object;
    use super::*;
    use crate::NodeId;
    use proptest::prelude::*;

    /// 2024-05-01T00:00:30Z: half a minute after the test objects are observed and before they end.
    const NOW: f64 = 1_714_521_630.0;

    fn report(node: &str, peers: &[(&str, u32)]) -> NodeNetwork {
        let names: Vec<_> = peers
            .iter()
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        let rtts: Vec<_> = peers.iter().map(|(_, rtt)| rtt.to_string()).collect();
        let (names, rtts) = (names.join(","), rtts.join(","));
        let status = format!(
            r#""peers": [{names}], "rttMicros": [{rtts}], "lossToPpm": [{rtts}], "lossFromPpm": [{rtts}]"#
        );
        NodeNetwork::decode(object(node, &status).as_bytes()).expect("valid")
    }

    fn cells(topology: &Topology) -> Vec<String> {
        topology.cells(|link| format!("{:?} {:?} {:?}", link.rtt_ms, link.loss, link.source))
    }

    #[test]
    fn a_report_fills_its_row_and_the_way_back() {
        let mut topology = Topology::new(["a", "b", "c"]).expect("valid");
        let mut reports = Reports::default();
        reports.set_time(NOW, &mut topology);
        let [a, b, c] = [0, 1, 2].map(NodeId);
        reports.apply(report("a", &[("b", 1000), ("ghost", 9)]), &mut topology);
        assert_eq!(
            (topology.link(a, b).rtt_ms, topology.link(b, a).rtt_ms),
            (1.0, 1.0)
        );
        assert_eq!(reports.age_s("b", "a"), 30.0);
        reports.date(&mut topology);
        assert_eq!(
            (topology.link(a, b).age_s, topology.link(b, a).age_s),
            (30.0, 30.0)
        );
        assert!(topology.link(a, c).age_s.is_nan());
        reports.apply(report("b", &[("a", 3000), ("c", 0)]), &mut topology);
        assert_eq!(
            (topology.link(a, b).rtt_ms, topology.link(b, a).rtt_ms),
            (1.0, 3.0)
        );
        assert!(topology.link(b, c).rtt_ms.is_nan() && topology.link(c, b).loss == 0.0);
        reports.apply(report("a", &[]), &mut topology);
        assert_eq!(topology.link(a, b).rtt_ms, 3.0, "the other end still tells");
        assert!(reports.delete("b", &mut topology) && !reports.delete("b", &mut topology));
        assert!(topology.link(a, b).rtt_ms.is_nan());
    }

    #[test]
    fn reports_expire_and_time_may_step_back() {
        let mut topology = Topology::new(["a", "b"]).expect("valid");
        let mut reports = Reports::default();
        reports.apply(report("a", &[("b", 1000)]), &mut topology);
        let valid_until = NOW + 30.0;
        for (now, changes, is_known) in [
            (valid_until, false, true),
            (valid_until + 0.001, true, false),
            (valid_until + 9.0, false, false),
            (valid_until - 1.0, true, true),
        ] {
            assert_eq!(reports.set_time(now, &mut topology), changes, "{now}");
            assert_eq!(
                topology.link(NodeId(1), NodeId(0)).rtt_ms == 1.0,
                is_known,
                "{now}"
            );
            assert_eq!(reports.expired(), usize::from(!is_known));
        }
    }

    /// What can happen to four nodes.
    #[derive(Clone, Debug)]
    enum Event {
        Report(usize, Vec<(usize, u32)>),
        Delete(usize),
        Join(usize),
        Leave(usize),
        Time(u8),
    }

    fn event() -> impl Strategy<Value = Event> {
        let peers = proptest::collection::btree_map(0..4_usize, 0..5000_u32, 0..4);
        prop_oneof![
            (0..4_usize, peers).prop_map(|(node, mut peers)| {
                peers.remove(&node);
                Event::Report(node, peers.into_iter().collect())
            }),
            (0..4_usize).prop_map(Event::Delete),
            (0..4_usize).prop_map(Event::Join),
            (0..4_usize).prop_map(Event::Leave),
            (0..100_u8).prop_map(Event::Time),
        ]
    }

    proptest! {
        #[test]
        fn any_order_of_events_leaves_what_a_rebuild_gives(
            events in proptest::collection::vec(event(), 0..40),
        ) {
            let names = ["a", "b", "c", "d"];
            let mut topology = Topology::new(names).expect("valid");
            let mut reports = Reports::default();
            let mut held: BTreeMap<usize, NodeNetwork> = BTreeMap::new();
            let mut now = 0.0;
            for event in events {
                match event {
                    Event::Report(node, peers) => {
                        let peers: Vec<_> =
                            peers.iter().map(|&(peer, rtt)| (names[peer], rtt)).collect();
                        held.insert(node, report(names[node], &peers));
                        reports.apply(held[&node].clone(), &mut topology);
                    }
                    Event::Delete(node) => {
                        let existed = held.remove(&node).is_some();
                        prop_assert_eq!(reports.delete(names[node], &mut topology), existed);
                    }
                    Event::Join(node) if topology.node(names[node]).is_none() => {
                        topology.join(NodeId(node as u32), names[node].into());
                        reports.joined(names[node], &mut topology);
                    }
                    Event::Join(_) => {}
                    Event::Leave(node) => topology.leave(NodeId(node as u32)),
                    Event::Time(seconds) => {
                        now = NOW + f64::from(seconds);
                        reports.set_time(now, &mut topology);
                    }
                }
            }
            let mut rebuilt = Topology::new(names).expect("valid");
            for (slot, name) in names.iter().enumerate() {
                if topology.node(name).is_none() {
                    rebuilt.leave(NodeId(slot as u32));
                }
            }
            let mut anew = Reports::default();
            anew.set_time(now, &mut rebuilt);
            for report in held.into_values() {
                anew.apply(report, &mut rebuilt);
            }
            prop_assert_eq!(cells(&topology), cells(&rebuilt));
        }
    }
}
