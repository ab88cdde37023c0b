//! An independent judge of placements: it reads the arrays of a problem and nothing of the solver.
//!
//! Everything is counted from the start, in double precision, by the plainest loops: what it says
//! can be trusted where the solver cannot.

use super::arrays::Arrays;

/// A hard constraint that a placement breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// There are not as many nodes given as there are pods.
    Length {
        /// How many were given.
        given: usize,
    },
    /// A pod is on a node that does not exist.
    NoSuchNode {
        /// The pod.
        pod: u32,
    },
    /// A pod is on a node that its mask forbids.
    Forbidden {
        /// The pod.
        pod: u32,
    },
    /// A fixed pod is not where it was.
    Moved {
        /// The pod.
        pod: u32,
    },
    /// The pods of a node ask for more than it has.
    Overfull {
        /// The node.
        node: u32,
        /// The resource.
        resource: usize,
    },
    /// Two pods are farther apart than a limit allows.
    Beyond {
        /// Position of the limit.
        limit: usize,
    },
}

impl Arrays {
    fn is_fixed(&self, pod: usize) -> bool {
        self.fixed.get(pod).is_some_and(Option::is_some)
    }

    /// The constraints that a placement breaks; `nodes` holds the node of each pod, None for one
    /// that is left out. Nothing is wrong with leaving pods out, fixed ones excepted.
    pub fn violations(&self, nodes: &[Option<u32>]) -> Vec<Violation> {
        if nodes.len() != self.pods {
            return vec![Violation::Length { given: nodes.len() }];
        }
        let mut violations = Vec::new();
        for (pod, node) in nodes.iter().enumerate() {
            let is_out = node.is_some_and(|node| node as usize >= self.nodes);
            if is_out {
                violations.push(Violation::NoSuchNode { pod: pod as u32 });
            }
        }
        if !violations.is_empty() {
            return violations;
        }
        for (pod, &node) in nodes.iter().enumerate() {
            let number = pod as u32;
            if self.is_fixed(pod) {
                if self.fixed[pod] != node {
                    violations.push(Violation::Moved { pod: number });
                }
            } else if let Some(node) = node
                && !self.allowed.is_empty()
                && !self.allowed[pod * self.nodes + node as usize]
            {
                violations.push(Violation::Forbidden { pod: number });
            }
        }
        self.find_overfull(nodes, &mut violations);
        for (at, limit) in self.limits.iter().enumerate() {
            let (from, to) = (limit.from as usize, limit.to as usize);
            if self.is_fixed(from) && self.is_fixed(to) {
                continue;
            }
            if let (Some(origin), Some(destination)) = (nodes[from], nodes[to]) {
                let distance = self.distances[origin as usize * self.nodes + destination as usize];
                if distance > limit.most {
                    violations.push(Violation::Beyond { limit: at });
                }
            }
        }
        violations
    }

    /// A node that was too full before is none of the placement's making, unless a pod that was
    /// placed there asks for what it lacks.
    fn find_overfull(&self, nodes: &[Option<u32>], violations: &mut Vec<Violation>) {
        for resource in 0..self.resources {
            let mut taken = vec![0_i128; self.nodes];
            let mut added = vec![false; self.nodes];
            for (pod, &node) in nodes.iter().enumerate() {
                let Some(node) = node else { continue };
                let request = self.requests[pod * self.resources + resource];
                taken[node as usize] += i128::from(request);
                added[node as usize] |= request > 0 && !self.is_fixed(pod);
            }
            for node in 0..self.nodes {
                let capacity = self.capacities[node * self.resources + resource];
                if added[node] && taken[node] > i128::from(capacity) {
                    violations.push(Violation::Overfull {
                        node: node as u32,
                        resource,
                    });
                }
            }
        }
    }

    /// What a placement costs: `Σ weight · cost` over the edges of which both pods are placed, and
    /// the extra costs of the pods that are placed and not fixed.
    pub fn objective(&self, nodes: &[Option<u32>]) -> f64 {
        let mut cost = 0.0;
        for edge in &self.edges {
            let ends = (nodes[edge.from as usize], nodes[edge.to as usize]);
            if let (Some(origin), Some(destination)) = ends {
                let cell = origin as usize * self.nodes + destination as usize;
                cost += edge.weight * f64::from(self.costs[edge.matrix as usize][cell]);
            }
        }
        if !self.extra_costs.is_empty() {
            for (pod, &node) in nodes.iter().enumerate() {
                if let Some(node) = node
                    && !self.is_fixed(pod)
                {
                    cost += f64::from(self.extra_costs[pod * self.nodes + node as usize]);
                }
            }
        }
        cost
    }
}
