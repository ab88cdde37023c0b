//! Costs between the locations of the nodes, for pairs of nodes that nobody measured.

use crate::NodeId;

/// A declared cost for every ordered pair of locations, and where each node is.
///
/// Together with the measured links it makes a network of three levels out of O(Z² + N + links)
/// numbers: the region or zone tells what a link costs, unless the two nodes know better.
#[derive(Clone, Debug, Default)]
pub struct LocationCosts {
    /// Location by slot; [`NOWHERE`] for a vacant one.
    of_nodes: Vec<u32>,
    /// Row-major, `[origin, destination]`; NaN is unknown.
    costs: Vec<f32>,
    locations: usize,
}

/// The location of a slot without a node.
const NOWHERE: u32 = u32::MAX;

impl LocationCosts {
    /// The costs between so many locations, and the location of each slot.
    ///
    /// # Panics
    ///
    /// Where a location is out of range.
    pub fn new(of_nodes: Vec<u32>, locations: usize, cost: impl Fn(usize, usize) -> f32) -> Self {
        let is_there = |&location: &u32| (location as usize) < locations;
        assert!(of_nodes.iter().all(is_there), "location out of range");
        let pairs = (0..locations).flat_map(|from| (0..locations).map(move |to| (from, to)));
        Self {
            of_nodes,
            costs: pairs.map(|(from, to)| cost(from, to)).collect(),
            locations,
        }
    }

    /// Cost of the way from one node to another; NaN where none is declared.
    #[inline]
    pub fn get(&self, origin: NodeId, destination: NodeId) -> f32 {
        let ends = self.location(origin).zip(self.location(destination));
        ends.map_or(f32::NAN, |(from, to)| {
            self.costs[from * self.locations + to]
        })
    }

    /// Costs of the links of a node, each location once, of which somebody but the node itself and
    /// those that are `measured` is at the other end. NaN is unknown.
    pub(super) fn left(
        &self,
        origin: NodeId,
        measured: impl Iterator<Item = NodeId>,
        population: &[u32],
    ) -> Vec<f32> {
        let Some(here) = self.location(origin) else {
            return Vec::new();
        };
        let mut left = population.to_vec();
        for location in measured
            .chain([origin])
            .filter_map(|node| self.location(node))
        {
            left[location] -= 1;
        }
        let row = &self.costs[here * self.locations..][..self.locations];
        let somebody = row.iter().zip(left).filter(|(_, left)| *left > 0);
        somebody.map(|(&cost, _)| cost).collect()
    }

    /// Number of nodes at each location.
    pub(super) fn population(&self) -> Vec<u32> {
        let mut population = vec![0; self.locations];
        for &location in self
            .of_nodes
            .iter()
            .filter(|&&location| location != NOWHERE)
        {
            population[location as usize] += 1;
        }
        population
    }

    /// The same costs for some of the nodes, in the order given.
    pub(super) fn select(&self, nodes: &[NodeId]) -> Self {
        let location = |&node: &NodeId| self.of_nodes.get(node.index()).copied();
        Self {
            of_nodes: nodes
                .iter()
                .map(|node| location(node).unwrap_or(NOWHERE))
                .collect(),
            costs: self.costs.clone(),
            locations: self.locations,
        }
    }

    /// Forget where the node of a slot is.
    pub(super) fn vacate(&mut self, node: NodeId) {
        if let Some(location) = self.of_nodes.get_mut(node.index()) {
            *location = NOWHERE;
        }
    }

    /// Bytes that the costs and the locations take.
    pub(super) fn bytes(&self) -> usize {
        self.costs.capacity() * size_of::<f32>() + self.of_nodes.capacity() * size_of::<u32>()
    }

    fn location(&self, node: NodeId) -> Option<usize> {
        let location = *self.of_nodes.get(node.index())?;
        (location != NOWHERE).then_some(location as usize)
    }
}
