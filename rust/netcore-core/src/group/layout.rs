//! A placement being worked on: where each pod is, and the room that is left.

use super::problem::{Bound, Problem, Tie};

/// Stands for no node.
pub(super) const NOWHERE: u32 = u32::MAX;

/// Pods on nodes.
#[derive(Debug, Clone)]
pub(super) struct Layout<'p> {
    problem: &'p Problem,
    at: Vec<u32>,
    /// `[N, R]`.
    room: Vec<i64>,
    /// The movable pods on each node, and the position of each pod in that list.
    on: Vec<Vec<u32>>,
    seats: Vec<u32>,
    /// The nodes that have room for the smallest of the movable pods, and the position of each
    /// node among them, or [`NOWHERE`]. In a full cluster they are few.
    open: Vec<u32>,
    places: Vec<u32>,
    placed: usize,
    cost: f64,
    /// The cluster of each node, and the one that each pod is kept to; empty where it is to none.
    clusters: Vec<u32>,
    kept_to: Vec<u32>,
}

impl<'p> Layout<'p> {
    /// With the fixed pods on their nodes, and no others.
    pub(super) fn new(problem: &'p Problem) -> Self {
        let (nodes, pods) = (problem.nodes(), problem.pods());
        let mut layout = Self {
            problem,
            at: vec![NOWHERE; pods],
            room: problem.arrays.capacities.clone(),
            on: vec![Vec::new(); nodes],
            seats: vec![0; pods],
            open: Vec::with_capacity(nodes),
            places: vec![NOWHERE; nodes],
            placed: 0,
            cost: 0.0,
            clusters: Vec::new(),
            kept_to: Vec::new(),
        };
        for pod in 0..pods as u32 {
            if let Some(node) = problem.fixed(pod) {
                layout.at[pod as usize] = node;
                layout.take(pod, node, -1);
            }
        }
        for node in 0..nodes as u32 {
            layout.open_or_close(node);
        }
        layout
    }

    /// Lets [`Layout::prices`] find each pod a node of its cluster only; [`NOWHERE`] is any.
    pub(super) fn keep_to(&mut self, clusters: Vec<u32>, kept_to: Vec<u32>) {
        (self.clusters, self.kept_to) = (clusters, kept_to);
    }

    /// Lets it find every node again.
    pub(super) fn keep_to_nothing(&mut self) {
        self.keep_to(Vec::new(), Vec::new());
    }

    pub(super) fn problem(&self) -> &'p Problem {
        self.problem
    }

    /// The node of a pod, or [`NOWHERE`].
    #[inline]
    pub(super) fn node(&self, pod: u32) -> u32 {
        self.at[pod as usize]
    }

    pub(super) fn is_placed(&self, pod: u32) -> bool {
        self.node(pod) != NOWHERE
    }

    /// The nodes of all pods.
    pub(super) fn nodes(&self) -> &[u32] {
        &self.at
    }

    /// The movable pods on a node.
    #[inline]
    pub(super) fn on(&self, node: u32) -> &[u32] {
        &self.on[node as usize]
    }

    /// The nodes that may have room for a pod.
    #[inline]
    pub(super) fn open(&self) -> &[u32] {
        &self.open
    }

    /// How many movable pods have a node.
    pub(super) fn placed(&self) -> usize {
        self.placed
    }

    /// What the placed pods cost together, but for what the fixed ones cost among themselves; as
    /// it was counted up in steps.
    pub(super) fn cost(&self) -> f64 {
        self.cost
    }

    /// The room that is left on a node.
    #[inline]
    pub(super) fn room(&self, node: u32) -> &[i64] {
        let resources = self.problem.resources();
        &self.room[node as usize * resources..][..resources]
    }

    /// Whether what a pod asks for is free on a node.
    #[inline]
    pub(super) fn fits(&self, pod: u32, node: u32) -> bool {
        let needs = self.problem.requests(pod).iter();
        needs
            .zip(self.room(node))
            .all(|(&need, &room)| need == 0 || need <= room)
    }

    /// Whether it would be free once another pod of that node were gone.
    #[inline]
    pub(super) fn fits_without(&self, pod: u32, node: u32, other: u32) -> bool {
        let needs = self.problem.requests(pod).iter();
        needs
            .zip(self.problem.requests(other))
            .zip(self.room(node))
            .all(|((&need, &given), &room)| need == 0 || need <= room + given)
    }

    /// Whether a pod would break a limit on a node, with its placed peers where they are.
    #[inline]
    pub(super) fn breaks_limits(&self, pod: u32, node: u32) -> bool {
        let is_broken = |bound: &Bound| {
            let at = self.node(bound.peer);
            at != NOWHERE && self.problem.is_beyond(bound, node, at)
        };
        self.problem.bounds(pod).iter().any(is_broken)
    }

    /// What a pod pays on a node, with its placed peers where they are.
    ///
    /// *Complexity*: O(ties of the pod).
    pub(super) fn price(&self, pod: u32, node: u32) -> f32 {
        let of_tie = |tie: &Tie| match self.node(tie.peer) {
            NOWHERE => 0.0,
            at => tie.weight * self.problem.row(tie.matrix, node)[at as usize],
        };
        let ties = self.problem.ties(pod).iter();
        self.problem.extra_cost(pod, node) + ties.map(of_tie).sum::<f32>()
    }

    /// Whether two pods would break a limit if they exchanged their nodes.
    pub(super) fn exchange_breaks_limits(&self, pod: u32, other: u32) -> bool {
        let (here, there) = (self.node(pod), self.node(other));
        let breaks = |pod: u32, node: u32, other: u32, others: u32| {
            let is_broken = |bound: &Bound| {
                let now = self.node(bound.peer);
                let at = if bound.peer == other { others } else { now };
                at != NOWHERE && self.problem.is_beyond(bound, node, at)
            };
            self.problem.bounds(pod).iter().any(is_broken)
        };
        breaks(pod, there, other, here) || breaks(other, here, pod, there)
    }

    /// What it changes if two pods exchange their nodes.
    ///
    /// *Complexity*: O(ties of both).
    pub(super) fn price_of_exchange(&self, pod: u32, other: u32) -> f32 {
        let problem = self.problem;
        let (here, there) = (self.node(pod), self.node(other));
        let extra = |pod, from, to| problem.extra_cost(pod, to) - problem.extra_cost(pod, from);
        let mut change = extra(pod, here, there) + extra(other, there, here);
        for tie in problem.ties(pod) {
            let (old, new) = (
                problem.row(tie.matrix, here),
                problem.row(tie.matrix, there),
            );
            let at = self.node(tie.peer);
            if at != NOWHERE {
                let then = if tie.peer == other { here } else { at };
                change += tie.weight * (new[then as usize] - old[at as usize]);
            }
        }
        for tie in problem.ties(other) {
            let (old, new) = (
                problem.row(tie.matrix, there),
                problem.row(tie.matrix, here),
            );
            let at = self.node(tie.peer);
            // What the two have with each other is counted already.
            if at != NOWHERE && tie.peer != pod {
                change += tie.weight * (new[at as usize] - old[at as usize]);
            }
        }
        change
    }

    /// What a pod pays on each of some nodes, in their order; infinite where it may not be.
    pub(super) fn prices(&self, pod: u32, nodes: &[u32], prices: &mut Vec<f32>) {
        prices.clear();
        prices.extend(nodes.iter().map(|&node| {
            if self.problem.allows(pod, node) {
                self.problem.extra_cost(pod, node)
            } else {
                f32::INFINITY
            }
        }));
        if let Some(&kept_to) = self.kept_to.get(pod as usize)
            && kept_to != NOWHERE
        {
            for (price, &node) in prices.iter_mut().zip(nodes) {
                if self.clusters[node as usize] != kept_to {
                    *price = f32::INFINITY;
                }
            }
        }
        for tie in self.problem.ties(pod) {
            let at = self.node(tie.peer);
            if at == NOWHERE {
                continue;
            }
            let row = self.problem.row_of_peer(tie, at);
            for (price, &node) in prices.iter_mut().zip(nodes) {
                *price += tie.weight * row[node as usize];
            }
        }
    }

    /// Puts a pod that has no node on one.
    pub(super) fn put(&mut self, pod: u32, node: u32) {
        debug_assert!(!self.is_placed(pod), "pod {pod} is placed already");
        self.cost += f64::from(self.price(pod, node));
        self.placed += 1;
        self.enter(pod, node);
    }

    /// Takes a placed pod off its node.
    pub(super) fn lift(&mut self, pod: u32) {
        let node = self.node(pod);
        self.cost -= f64::from(self.price(pod, node));
        self.placed -= 1;
        self.leave(pod, node);
    }

    /// Moves a placed pod to another node, at a price that is known.
    pub(super) fn shift(&mut self, pod: u32, to: u32, change: f32) {
        let from = self.node(pod);
        self.leave(pod, from);
        self.enter(pod, to);
        self.cost += f64::from(change);
    }

    /// Lets two placed pods exchange their nodes, at a price that is known.
    pub(super) fn exchange(&mut self, pod: u32, other: u32, change: f32) {
        let (here, there) = (self.node(pod), self.node(other));
        let (seat, others) = (self.seats[pod as usize], self.seats[other as usize]);
        self.on[here as usize][seat as usize] = other;
        self.on[there as usize][others as usize] = pod;
        self.seats.swap(pod as usize, other as usize);
        self.at.swap(pod as usize, other as usize);
        self.cost += f64::from(change);
        if self.problem.requests(pod) != self.problem.requests(other) {
            for (pod, from, to) in [(pod, here, there), (other, there, here)] {
                self.take(pod, from, 1);
                self.take(pod, to, -1);
            }
            self.open_or_close(here);
            self.open_or_close(there);
        }
    }

    fn enter(&mut self, pod: u32, node: u32) {
        self.at[pod as usize] = node;
        let on = &mut self.on[node as usize];
        self.seats[pod as usize] = on.len() as u32;
        on.push(pod);
        self.take(pod, node, -1);
        self.open_or_close(node);
    }

    fn leave(&mut self, pod: u32, node: u32) {
        self.at[pod as usize] = NOWHERE;
        let (on, seat) = (&mut self.on[node as usize], self.seats[pod as usize]);
        on.swap_remove(seat as usize);
        if let Some(&last) = on.get(seat as usize) {
            self.seats[last as usize] = seat;
        }
        self.take(pod, node, 1);
        self.open_or_close(node);
    }

    fn take(&mut self, pod: u32, node: u32, sign: i64) {
        let resources = self.problem.resources();
        let room = &mut self.room[node as usize * resources..][..resources];
        for (room, &need) in room.iter_mut().zip(self.problem.requests(pod)) {
            *room += sign * need;
        }
    }

    fn open_or_close(&mut self, node: u32) {
        let least = self.problem.least_requests().iter();
        let is_open = least
            .zip(self.room(node))
            .all(|(&least, &room)| least == 0 || least <= room);
        let place = self.places[node as usize];
        if is_open && place == NOWHERE {
            self.places[node as usize] = self.open.len() as u32;
            self.open.push(node);
        } else if !is_open && place != NOWHERE {
            self.open.swap_remove(place as usize);
            if let Some(&last) = self.open.get(place as usize) {
                self.places[last as usize] = place;
            }
            self.places[node as usize] = NOWHERE;
        }
    }

    /// Counts the cost anew, without the rounding of many small changes.
    pub(super) fn recount(&mut self) {
        let nodes = self.at.clone();
        let mut anew = Self::new(self.problem);
        anew.become_like(&nodes);
        self.cost = anew.cost;
    }

    /// Makes the placement another one.
    pub(super) fn become_like(&mut self, nodes: &[u32]) {
        let is_other = |pod: &&u32| nodes[**pod as usize] != self.node(**pod);
        let others: Vec<u32> = self
            .problem
            .movable()
            .iter()
            .filter(is_other)
            .copied()
            .collect();
        for &pod in &others {
            if self.is_placed(pod) {
                self.lift(pod);
            }
        }
        for &pod in &others {
            if nodes[pod as usize] != NOWHERE {
                self.put(pod, nodes[pod as usize]);
            }
        }
    }
}
