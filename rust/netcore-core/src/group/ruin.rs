//! Ruin and recreate: a part of the placement is taken off and placed anew.
//!
//! Local search ends where no single exchange helps; what is wrong there is wrong of several nodes
//! at once. So the pods of a few nodes that have to do with each other are taken off, and placed
//! greedily again with a little chance in it. What comes out is kept if it costs less than before
//! plus a bound that is drawn anew each time, and falls to nearly nothing as the budget ends.
//!
//! When half of its patience is gone, every other round is a gamble: pods without a node are placed
//! along with those taken off, in any order, and not always where they cost least. So one pod can
//! make room for several, and several can go where none of them would alone.
//!
//! *Source*: Schrimpf et al., J. Comput. Phys. 159 (2000); blinks, and acceptance as in simulated
//! annealing, from Christiaens and Vanden Berghe, Transportation Science 54 (2020). Which pods are
//! taken off, and the constants, are a heuristic of our own.

use super::Budget;
use super::best::Best;
use super::greedy::{Greedy, Tie};
use super::layout::{Layout, NOWHERE};
use super::random::Random;

/// At most so many pods are taken off at once.
const MOST_RUINED: usize = 16;
/// The share of nodes that a pod passes over for no reason when it is placed again.
const BLINKS: f32 = 0.02;
/// The same in a gamble.
const BLINKS_OF_A_GAMBLE: f32 = 0.5;
/// One round in so many is a gamble when half of the patience is gone; none before.
const GAMBLES: usize = 2;
/// One time in so many the pods are placed again in a random order, not heaviest neighbour first.
const SHUFFLES: usize = 4;
/// One time in so many the next node is any, not one with a peer of the pods taken off.
const JUMPS: usize = 16;
/// The temperature at the beginning and at the end, in mean costs of a pod.
const HOT: f64 = 0.05;
const COLD: f64 = 0.003;
/// Without a better placement for so many rounds, and so many more for each pod, it ends early.
const PATIENCE: u64 = 2000;
const PATIENCE_A_POD: u64 = 200;

/// Rounds of ruin and recreate over one placement.
pub(super) struct Ruin<'s> {
    random: &'s mut Random,
    greedy: &'s mut Greedy,
    /// The pods taken off, with the nodes that they were on, [`NOWHERE`] included.
    ruined: Vec<(u32, u32)>,
    is_ruined: Vec<bool>,
    order: Vec<u32>,
    /// How many rounds there were, and how many led to a better placement than any before.
    pub(super) rounds: u64,
    pub(super) improvements: u64,
}

impl<'s> Ruin<'s> {
    pub(super) fn new(pods: usize, random: &'s mut Random, greedy: &'s mut Greedy) -> Self {
        Self {
            random,
            greedy,
            ruined: Vec::new(),
            is_ruined: vec![false; pods],
            order: Vec::new(),
            rounds: 0,
            improvements: 0,
        }
    }

    /// Improves a placement as long as the budget goes on; it ends as the best that was seen.
    pub(super) fn run(&mut self, layout: &mut Layout<'_>, budget: &mut Budget<'_>) {
        let problem = layout.problem();
        let pods = problem.movable().len();
        if pods == 0 || problem.nodes() == 0 {
            return;
        }
        let mut best = Best::of(layout);
        let scale = layout.cost() / pods as f64;
        let patience = PATIENCE + PATIENCE_A_POD * pods as u64;
        let mut last_improvement = 0;
        while budget.goes_on() && self.rounds - last_improvement < patience {
            let is_ideal = layout.cost() <= f64::from(problem.tolerance());
            if is_ideal && layout.placed() == pods {
                break;
            }
            let temperature = scale * COLD * (HOT / COLD).powf(budget.left());
            let (placed, cost) = (layout.placed(), layout.cost());
            let is_stuck = self.rounds - last_improvement > patience / 2;
            let is_gamble = is_stuck && self.random.below(GAMBLES) == 0;
            self.take_off(layout);
            if is_gamble {
                self.bring_along(layout);
            }
            self.put_back(layout, is_gamble, budget);
            self.rounds += 1;
            let bound = cost - temperature * f64::from(1.0 - self.random.unit()).ln();
            // Where nothing costs anything, what costs the same is all that there is to go on to.
            let is_kept =
                layout.placed() > placed || (layout.placed() == placed && layout.cost() <= bound);
            if !is_kept {
                self.restore(layout);
            } else if best.is_beaten_by(layout) {
                best = Best::of(layout);
                self.improvements += 1;
                last_improvement = self.rounds;
            }
        }
        layout.become_like(&best.nodes);
    }

    /// Takes off the pods of some nodes that have to do with each other.
    fn take_off(&mut self, layout: &mut Layout<'_>) {
        let most = 1 + self
            .random
            .below(MOST_RUINED.min(layout.problem().movable().len()));
        self.ruined.clear();
        let mut node = self.first_node(layout);
        // Nodes without movable pods are tried in vain.
        for _ in 0..2 * MOST_RUINED {
            for &pod in layout.on(node) {
                if self.ruined.len() < most && !self.is_ruined[pod as usize] {
                    self.is_ruined[pod as usize] = true;
                    self.ruined.push((pod, node));
                }
            }
            if self.ruined.len() >= most {
                break;
            }
            node = self.next_node(layout);
        }
        for &(pod, node) in &self.ruined {
            self.is_ruined[pod as usize] = false;
            if node != NOWHERE {
                layout.lift(pod);
            }
        }
    }

    /// Adds some of the pods that have no node to those taken off.
    fn bring_along(&mut self, layout: &Layout<'_>) {
        let ruined = &self.ruined;
        let waits =
            |pod: &u32| !layout.is_placed(*pod) && ruined.iter().all(|(other, _)| other != pod);
        let movable = layout.problem().movable().iter().copied();
        self.order.clear();
        self.order.extend(movable.filter(waits));
        for _ in 0..self.random.below(MOST_RUINED.min(self.order.len()) + 1) {
            let pod = self.order.swap_remove(self.random.below(self.order.len()));
            self.ruined.push((pod, NOWHERE));
        }
    }

    /// The node of any pod; where pods have none, one of these may be that pod.
    fn first_node(&mut self, layout: &Layout<'_>) -> u32 {
        let movable = layout.problem().movable();
        let any = movable[self.random.below(movable.len())];
        let mut seed = any;
        if layout.placed() < movable.len() && self.random.below(2) == 0 {
            let homeless = |pod: &u32| !layout.is_placed(*pod);
            let which = self.random.below(movable.len() - layout.placed());
            let mut all = movable.iter().copied().filter(homeless);
            seed = all.nth(which).unwrap_or(any);
        }
        if layout.is_placed(seed) {
            return layout.node(seed);
        }
        self.is_ruined[seed as usize] = true;
        self.ruined.push((seed, NOWHERE));
        self.next_node(layout)
    }

    /// The node of a peer of a pod taken off, or now and then any node.
    fn next_node(&mut self, layout: &Layout<'_>) -> u32 {
        let problem = layout.problem();
        if self.random.below(JUMPS) > 0
            && let Some(&(pod, _)) = self.ruined.get(self.random.below(self.ruined.len()))
        {
            let ties = problem.ties(pod);
            let tie = ties.get(self.random.below(ties.len()));
            let at = tie.map_or(NOWHERE, |tie| layout.node(tie.peer));
            if at != NOWHERE {
                return at;
            }
        }
        self.random.below(problem.nodes()) as u32
    }

    /// Places the ruined pods anew.
    fn put_back(&mut self, layout: &mut Layout<'_>, is_gamble: bool, budget: &mut Budget<'_>) {
        self.order.clear();
        self.order.extend(self.ruined.iter().map(|&(pod, _)| pod));
        if is_gamble || self.random.below(SHUFFLES) == 0 {
            for at in (1..self.order.len()).rev() {
                self.order.swap(at, self.random.below(at + 1));
            }
        } else {
            self.greedy.sort(layout, &mut self.order);
        }
        let tie = if self.random.below(2) == 0 {
            Tie::Pack
        } else {
            Tie::Spread
        };
        let blinks = if is_gamble {
            BLINKS_OF_A_GAMBLE
        } else {
            BLINKS
        };
        let looked_at = self
            .greedy
            .place(layout, &self.order, tie, blinks, self.random);
        budget.spend(looked_at.max(1));
    }

    fn restore(&mut self, layout: &mut Layout<'_>) {
        for &(pod, _) in &self.ruined {
            if layout.is_placed(pod) {
                layout.lift(pod);
            }
        }
        for &(pod, node) in &self.ruined {
            if node != NOWHERE {
                layout.put(pod, node);
            }
        }
    }
}
