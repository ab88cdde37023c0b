//! A topology answers the same however it is held, and what a plain map of links would answer.

use std::collections::BTreeMap;

use netcore_core::NodeId;
use netcore_core::cost::{LinearWeights, PolicyChoice, Slo, of_links};
use netcore_core::topology::{
    Arrays, Direction, Link, LocationCosts, Plane, Provenance, Storage, Topology,
};
use proptest::prelude::*;

/// Slots; enough that a report of a few links is sparse and one of many is not.
const SLOTS: u32 = 40;

#[derive(Clone, Debug)]
enum Event {
    Join(u32),
    Leave(u32),
    /// One link.
    Set(u32, u32, Link),
    /// Links from a node to so many of the slots beyond it.
    Report(u32, u32, Link),
    /// Links from so many slots to a node.
    Hear(u32, u32, Link),
    Date(u32, u32, f32),
    Store(Storage),
}

fn quantity(highest: f32) -> impl Strategy<Value = f32> {
    prop_oneof![3 => 0.0..highest, 1 => Just(f32::NAN), 1 => Just(0.0)]
}

fn link() -> impl Strategy<Value = Link> {
    let bandwidth = prop_oneof![1 => 0.0..1e10_f64, 2 => Just(f64::NAN)];
    (
        quantity(100.0),
        quantity(200.0),
        quantity(9.0),
        quantity(1.0),
        bandwidth,
    )
        .prop_map(
            |(rtt_ms, rtt_p90_ms, jitter_ms, loss, bandwidth_bps)| Link {
                rtt_ms,
                rtt_p90_ms,
                jitter_ms,
                loss,
                bandwidth_bps,
                source: if rtt_ms.is_nan() {
                    Provenance::Unknown
                } else {
                    Provenance::Measured
                },
                ..Link::UNKNOWN
            },
        )
}

fn event() -> impl Strategy<Value = Event> {
    let node = || 0..SLOTS;
    let storage = prop::sample::select(vec![Storage::Auto, Storage::Dense, Storage::Sparse]);
    let link = || prop_oneof![3 => link(), 1 => Just(Link::UNKNOWN)];
    prop_oneof![
        4 => node().prop_map(Event::Join),
        2 => node().prop_map(Event::Leave),
        6 => (node(), node(), link()).prop_map(|(a, b, link)| Event::Set(a, b, link)),
        3 => (node(), node(), link()).prop_map(|(a, peers, link)| Event::Report(a, peers, link)),
        2 => (node(), node(), link()).prop_map(|(a, peers, link)| Event::Hear(a, peers, link)),
        1 => (node(), node(), quantity(60.0)).prop_map(|(a, b, age_s)| Event::Date(a, b, age_s)),
        1 => storage.prop_map(Event::Store),
    ]
}

/// Every quantity in a form that compares NaN and the sign of zero.
fn bits(link: &Link) -> [u64; 7] {
    let of = |quantity: f32| u64::from(quantity.to_bits());
    [
        of(link.rtt_ms),
        of(link.rtt_p90_ms),
        of(link.jitter_ms),
        of(link.loss),
        link.bandwidth_bps.to_bits(),
        of(link.age_s),
        link.source as u64,
    ]
}

/// The plainest topology: names by slot, and the links that are known.
#[derive(Default)]
struct Oracle {
    slots: u32,
    names: BTreeMap<u32, String>,
    links: BTreeMap<(u32, u32), Link>,
}

impl Oracle {
    fn link(&self, origin: u32, destination: u32) -> Link {
        let known = self.links.get(&(origin, destination));
        match known {
            _ if origin == destination => Link::OWN,
            Some(link) => *link,
            None => Link::UNKNOWN,
        }
    }
}

/// The oracle, and a topology for each storage.
struct Case {
    oracle: Oracle,
    topologies: [Topology; 3],
}

impl Case {
    fn new() -> Self {
        let stored = |storage| Topology::default().stored(storage);
        Self {
            oracle: Oracle::default(),
            topologies: [Storage::Auto, Storage::Dense, Storage::Sparse].map(stored),
        }
    }

    fn happen(&mut self, event: &Event) {
        match *event {
            Event::Join(node) => {
                let name = format!("n{node}");
                for topology in &mut self.topologies {
                    topology.join(NodeId(node), name.as_str().into());
                }
                self.oracle.slots = self.oracle.slots.max(node + 1);
                self.oracle
                    .links
                    .retain(|ends, _| ends.0 != node && ends.1 != node);
                self.oracle.names.insert(node, name);
            }
            Event::Leave(node) => {
                for topology in &mut self.topologies {
                    topology.leave(NodeId(node));
                }
                if self.oracle.names.remove(&node).is_some() {
                    self.oracle
                        .links
                        .retain(|ends, _| ends.0 != node && ends.1 != node);
                }
            }
            Event::Set(origin, destination, link) => self.set(origin, destination, link),
            Event::Report(origin, peers, link) => {
                for stride in 1..=peers {
                    self.set(origin, (origin + stride) % SLOTS, link);
                }
            }
            Event::Hear(destination, peers, link) => {
                for stride in 1..=peers {
                    self.set((destination + stride) % SLOTS, destination, link);
                }
            }
            Event::Date(origin, destination, age_s) => {
                if let Some(link) = self.oracle.links.get_mut(&(origin, destination)) {
                    link.age_s = age_s;
                    for topology in &mut self.topologies {
                        topology.date(NodeId(origin), NodeId(destination), age_s);
                    }
                }
            }
            Event::Store(storage) => {
                let [auto, dense, sparse] = &self.topologies;
                let stored = dense.clone().stored(storage).stored(Storage::Auto);
                self.topologies = [stored, auto.clone().stored(Storage::Dense), sparse.clone()];
            }
        }
    }

    /// Set a link between two nodes that are there.
    fn set(&mut self, origin: u32, destination: u32, link: Link) {
        let is_there = |node| self.oracle.names.contains_key(&node);
        if origin == destination || !is_there(origin) || !is_there(destination) {
            return;
        }
        for topology in &mut self.topologies {
            topology.set(NodeId(origin), NodeId(destination), &link);
        }
        if link.is_blank() {
            self.oracle.links.remove(&(origin, destination));
        } else {
            self.oracle.links.insert((origin, destination), link);
        }
    }
}

/// What a plane answers.
fn of_plane(plane: &Plane<f32>, slots: u32) -> String {
    let mut rows = Vec::new();
    for peer in 0..=slots {
        for direction in [Direction::To, Direction::From] {
            let row = plane.row(peer as usize, direction);
            let mut buffer = vec![7.0; slots as usize];
            row.lay_over(&mut buffer);
            let known = row.known().map(|(slot, cell)| (slot, cell.to_bits()));
            let cells = (0..=slots).map(|slot| row.get(slot as usize).to_bits());
            rows.push((
                buffer.into_iter().map(f32::to_bits).collect::<Vec<_>>(),
                known.collect::<Vec<_>>(),
                cells.collect::<Vec<_>>(),
            ));
        }
    }
    let largest = plane.max().map(f32::to_bits);
    format!(
        "{} {} {largest:?} {rows:?}",
        plane.is_blank(),
        plane.known()
    )
}

/// Everything that a topology answers about its links.
fn answers(topology: &Topology) -> Vec<String> {
    let slots = topology.slots() as u32;
    let mut answers = vec![
        format!("{:?}", topology.nodes().collect::<Vec<_>>()),
        format!("{:?}", topology.max_rtt_ms().map(f32::to_bits)),
        format!("{:?}", topology.nearest_rtt_ms().map(f32::to_bits)),
        format!("{:?}", topology.cells(bits)),
        of_plane(topology.rtt_ms(), slots),
        of_plane(topology.rtt_p90_ms(), slots),
        of_plane(topology.loss(), slots),
        format!(
            "{} {:?}",
            topology.bandwidth_bps().is_blank(),
            topology.bandwidth_bps().max()
        ),
    ];
    for policy in [
        PolicyChoice::Slo(Slo::default()),
        PolicyChoice::Linear(LinearWeights::default()),
    ] {
        let costs = of_links(topology, policy);
        answers.push(format!(
            "{:?}",
            costs.iter().map(|cost| cost.to_bits()).collect::<Vec<_>>()
        ));
    }
    let mut half: Vec<_> = topology.nodes().map(|(node, _)| node).collect();
    half.retain(|node| node.0 % 2 == 0);
    half.reverse();
    answers.push(format!("{:?}", topology.select(&half).cells(bits)));
    answers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_storage_answers_the_same(events in prop::collection::vec(event(), 0..60)) {
        let mut case = Case::new();
        for node in 0..SLOTS / 2 {
            case.happen(&Event::Join(node));
        }
        for event in &events {
            case.happen(event);
        }
        let oracle = &case.oracle;
        let [auto, dense, sparse] = &case.topologies;
        let mut links = Vec::new();
        for origin in 0..oracle.slots {
            auto.links_from(NodeId(origin), &mut links);
            for destination in 0..oracle.slots {
                let expected = bits(&oracle.link(origin, destination));
                let found = auto.link(NodeId(origin), NodeId(destination));
                prop_assert_eq!(bits(&found), expected, "{} {}", origin, destination);
                prop_assert_eq!(bits(&links[destination as usize]), expected);
            }
        }
        let expected = answers(auto);
        prop_assert_eq!(&answers(dense), &expected);
        prop_assert_eq!(&answers(sparse), &expected);
        prop_assert_eq!(&answers(&sparse.clone().stored(Storage::Dense)), &expected);
    }

    #[test]
    fn costs_by_location_are_those_written_into_every_pair(
        events in prop::collection::vec(event(), 0..40),
        locations in prop::collection::vec(0..4_u32, SLOTS as usize),
        costs in prop::collection::vec(quantity(100.0), 16),
    ) {
        let mut case = Case::new();
        for node in 0..SLOTS {
            case.happen(&Event::Join(node));
        }
        for event in &events {
            case.happen(event);
        }
        let [topology, ..] = case.topologies;
        let between = |from: usize, to: usize| costs[from * 4 + to];
        let vacant = (0..SLOTS).map(NodeId).filter(|&node| topology.name(node).is_none());
        let mut declared = topology.clone().declared(LocationCosts::new(locations.clone(), 4, between));
        for node in vacant {
            // The costs come with every slot's location: a node that leaves takes its own away.
            declared.join(node, "passing".into());
            declared.leave(node);
        }
        let mut written = topology.clone();
        for (origin, _) in topology.nodes() {
            for (destination, _) in topology.nodes().filter(|(node, _)| *node != origin) {
                let mut link = topology.link(origin, destination);
                let cost = between(
                    locations[origin.index()] as usize,
                    locations[destination.index()] as usize,
                );
                if link.source == Provenance::Unknown && !cost.is_nan() {
                    (link.rtt_ms, link.source) = (cost, Provenance::Declared);
                    written.set(origin, destination, &link);
                }
            }
        }
        prop_assert_eq!(written.cells(bits), declared.cells(bits));
        for (origin, _) in topology.nodes() {
            for (destination, _) in topology.nodes() {
                let links = [&written, &declared].map(|it| bits(&it.link(origin, destination)));
                prop_assert_eq!(links[0], links[1]);
            }
        }
        prop_assert_eq!(written.max_rtt_ms(), declared.max_rtt_ms());
        prop_assert_eq!(written.nearest_rtt_ms(), declared.nearest_rtt_ms());
        let mut nodes: Vec<_> = topology.nodes().map(|(node, _)| node).collect();
        nodes.reverse();
        prop_assert_eq!(written.select(&nodes).cells(bits), declared.select(&nodes).cells(bits));
    }
}

/// Bytes of plain matrices of a topology in which round trips alone are known: both ways of these,
/// and where each comes from.
fn plain_bytes(slots: usize) -> usize {
    slots * slots * (4 + 4 + 1)
}

fn measured(rtt_ms: f32) -> Link {
    Link {
        rtt_ms,
        source: Provenance::Measured,
        ..Link::UNKNOWN
    }
}

#[test]
fn a_dense_topology_takes_little_more_than_its_matrices_however_it_came_to_be() {
    const NODES: u32 = 400;
    let names = || (0..NODES).map(|node| format!("n{node}"));
    let rtt_ms = vec![1.0; (NODES * NODES) as usize];
    let at_once = Topology::from_arrays(
        names(),
        Arrays {
            rtt_ms: &rtt_ms,
            ..Arrays::default()
        },
    );
    let mut grown = Topology::default();
    for (node, name) in names().enumerate() {
        let node = NodeId(node as u32);
        grown.join(node, name.into());
        for other in (0..node.0).map(NodeId) {
            grown.set(node, other, &measured(1.0));
            grown.set(other, node, &measured(1.0));
        }
    }
    for topology in [at_once.expect("valid"), grown] {
        let bytes = topology.bytes() as f64 / plain_bytes(NODES as usize) as f64;
        // Below 1.1 from a thousand nodes on: the rows' own records count for less then.
        assert!((0.99..1.15).contains(&bytes), "{bytes}");
    }
}

#[test]
fn a_sparse_topology_takes_memory_by_its_links() {
    const NODES: u32 = 3000;
    let mut topology = Topology::new((0..NODES).map(|node| format!("n{node}"))).expect("valid");
    for node in 0..NODES {
        for peer in 1..=16 {
            let peer = NodeId((node + peer * 37) % NODES);
            topology.set(NodeId(node), peer, &measured(peer.0 as f32));
        }
    }
    let links = topology.rtt_ms().known();
    assert_eq!(links, 48_000);
    let by_link = topology.bytes() / links;
    assert!(by_link < 40, "{by_link} bytes a link");
    assert!(topology.bytes() * 40 < plain_bytes(NODES as usize));
    for node in (0..NODES).map(NodeId) {
        topology.leave(node);
    }
    assert!(topology.rtt_ms().is_blank());
}
