//! Scores of a batch of pods on all nodes.

use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::error::Result;
use crate::kernel::SPAN;

use super::best::Best;
use super::classes::Classes;
use super::dense::{Dense, Stored, weights};
use super::pods::{Feasible, Pods, Term};
use super::{CostMatrix, Form, invalid};

/// Classes that a thread takes at once.
const BITE: usize = 16;

/// Reads of cells that are worth a thread of their own: a fraction of a millisecond.
const WORTH_A_THREAD: usize = 1 << 20;

/// More threads than that are never started.
const MOST_THREADS: usize = 256;

/// So many best nodes can be asked for, however few nodes there are.
const ALWAYS_ALLOWED: usize = 1024;

/// What is asked of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The pods, by their peers.
    pub pods: Pods<'a>,
    /// Where they may run.
    pub feasible: Feasible<'a>,
    /// How many of each pod's best nodes are wanted: at most N, or 1,024 if that is more.
    pub best: usize,
    /// Whether all scores are wanted too.
    pub matrix: bool,
    /// At most so many threads; 0: as many as the machine runs at once.
    pub threads: usize,
}

/// What came of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// Each pod's best nodes, the lowest score first, of equal ones the lowest node; −1 where
    /// fewer are feasible. P × `best`.
    pub best_nodes: Vec<i32>,
    /// Their scores; +∞ where there is no node. P × `best`.
    pub best_scores: Vec<f32>,
    /// The scores of all nodes, +∞ where not feasible, P × N, if they were asked for.
    pub matrix: Option<Vec<f32>>,
    /// How many different rows of scores there were to work out.
    pub classes: usize,
}

/// One class to score, and where its results go.
struct Slot<'a> {
    terms: &'a [Term],
    feasible: Option<&'a [bool]>,
    best_nodes: &'a mut [i32],
    best_scores: &'a mut [f32],
    row: Option<&'a mut [f32]>,
}

impl CostMatrix {
    /// Score every node for every pod of a batch:
    /// `score[p, n] = Σ weight_to · cost[n, peer] + weight_from · cost[peer, n]`, lower is better.
    ///
    /// Pods with equal peers, weights and mask are scored once. The sums run over the peers in
    /// ascending order in f32, multiplication and addition each rounded: neither the machine nor
    /// the number of threads nor the other pods change a bit of them.
    ///
    /// *Complexity*: O(terms of the classes × N) reads, in the time that the memory takes to hand
    /// them over.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) where an array does not fit the
    /// others, a weight is negative or not finite, or the results do not fit the memory.
    pub fn score(&self, request: &Request<'_>) -> Result<Scores> {
        let Request { pods, feasible, .. } = *request;
        let (nodes, wanted) = (self.nodes(), request.best);
        pods.check(nodes, self.largest)?;
        feasible.check(pods.len(), nodes)?;
        check_best(wanted, nodes)?;
        let classes = Classes::of(&pods, feasible, nodes);
        let mut scores = Scores {
            best_nodes: filled(pods.len(), wanted, -1, "best")?,
            best_scores: filled(pods.len(), wanted, f32::INFINITY, "best")?,
            matrix: None,
            classes: classes.len(),
        };
        let width = if request.matrix { nodes } else { 0 };
        let mut matrix = filled(pods.len(), width, 0.0, "matrix")?;

        // Each class writes where its first pod's results go.
        let slots = (0..pods.len())
            .zip(split(&mut scores.best_nodes, wanted))
            .zip(split(&mut scores.best_scores, wanted))
            .zip(split(&mut matrix, width));
        let mut firsts = classes.first_pods.iter().enumerate().peekable();
        let slots: Vec<_> = slots
            .filter_map(|(((pod, best_nodes), best_scores), row)| {
                let (class, _) = firsts.next_if(|&(_, &first)| first as usize == pod)?;
                Some(Slot {
                    terms: classes.terms(class),
                    feasible: feasible.of_pod(pod, nodes),
                    best_nodes,
                    best_scores,
                    row: request.matrix.then_some(row),
                })
            })
            .collect();
        self.run(
            slots,
            wanted.min(nodes),
            threads(request.threads, classes.term_count(), nodes),
        );

        for (pod, &class) in classes.of_pods.iter().enumerate() {
            let first = classes.first_pods[class as usize] as usize;
            if first != pod {
                let of_first = |width: usize| first * width..(first + 1) * width;
                scores
                    .best_nodes
                    .copy_within(of_first(wanted), pod * wanted);
                scores
                    .best_scores
                    .copy_within(of_first(wanted), pod * wanted);
                matrix.copy_within(of_first(width), pod * width);
            }
        }
        scores.matrix = request.matrix.then_some(matrix);
        Ok(scores)
    }

    /// Work on the classes with so many threads.
    fn run(&self, mut slots: Vec<Slot<'_>>, wanted: usize, threads: usize) {
        let bites = Mutex::new(slots.chunks_mut(BITE));
        let work = || {
            let (mut best, mut sums) = (Best::new(wanted), vec![0.0; self.block()]);
            loop {
                // Not held while working.
                let bite = bites.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(bite) = bite else { return };
                for slot in bite {
                    self.score_class(slot, &mut best, &mut sums);
                }
            }
        };
        if threads <= 1 {
            return work();
        }
        thread::scope(|scope| {
            for _ in 1..threads {
                // A thread that does not start is not missed: this one works anyway.
                let _ = thread::Builder::new().spawn_scoped(scope, work);
            }
            work();
        });
    }

    fn score_class(&self, slot: &mut Slot<'_>, best: &mut Best, sums: &mut [f32]) {
        match &self.form {
            Form::F32(dense) => score_rows(dense, slot, best, sums),
            Form::U16(dense) => score_rows(dense, slot, best, sums),
            Form::Zones(zoned) => {
                let scores = zoned.scores(slot.terms);
                slot.fill(sums, self.nodes(), best, |start, sums, feasible, best| {
                    scores.sum(start, sums);
                    best.offer(start, sums, feasible);
                });
            }
        }
    }

    /// Columns that are worked on at once: by zones, all, since a measured link is looked up once.
    fn block(&self) -> usize {
        match self.form {
            Form::F32(_) | Form::U16(_) => SPAN,
            Form::Zones(_) => self.nodes().max(1),
        }
    }
}

fn score_rows<T: Stored>(dense: &Dense<T>, slot: &mut Slot<'_>, best: &mut Best, sums: &mut [f32]) {
    let rows = dense.rows(slot.terms.iter().map(weights));
    slot.fill(sums, dense.nodes(), best, |start, sums, feasible, best| {
        let marks = rows.sum(start, sums, best.limit());
        best.look_at(start, sums, feasible, marks);
    });
}

impl Slot<'_> {
    /// Have the scores of all nodes written, as many at once as there is room for, and the best of
    /// them found.
    fn fill(
        &mut self,
        room: &mut [f32],
        nodes: usize,
        best: &mut Best,
        score: impl Fn(usize, &mut [f32], Option<&[bool]>, &mut Best),
    ) {
        best.clear();
        let is_kept = self.row.is_some();
        for start in (0..nodes).step_by(room.len()) {
            let end = nodes.min(start + room.len());
            let sums = match &mut self.row {
                Some(row) => &mut row[start..end],
                None => &mut room[..end - start],
            };
            let feasible = self.feasible.map(|feasible| &feasible[start..end]);
            score(start, sums, feasible, best);
            if is_kept && let Some(feasible) = feasible {
                for (score, &is_feasible) in sums.iter_mut().zip(feasible) {
                    *score = if is_feasible { *score } else { f32::INFINITY };
                }
            }
        }
        best.write(self.best_nodes, self.best_scores);
    }
}

/// The best of scores that are there already, as of a cached row: see [`Scores::best_nodes`] and
/// [`Scores::best_scores`]. NaN and +∞ are never among them.
///
/// # Errors
///
/// [`Error::InvalidArgument`](crate::Error::InvalidArgument) where the mask has another length, or
/// the result does not fit the memory.
///
/// ```
/// let scores = [4.0, 1.0, 1.0, 0.5];
/// let mask = [true, true, true, false];
/// let (nodes, of_nodes) = netcore_core::all_pairs::best_of(&scores, Some(&mask), 2)?;
/// assert_eq!((nodes, of_nodes), (vec![1, 2], vec![1.0, 1.0]));
/// # Ok::<(), netcore_core::Error>(())
/// ```
pub fn best_of(
    scores: &[f32],
    feasible: Option<&[bool]>,
    best: usize,
) -> Result<(Vec<i32>, Vec<f32>)> {
    if let Some(mask) = feasible {
        Feasible::Nodes(mask).check(1, scores.len())?;
    }
    check_best(best, scores.len())?;
    let mut best_nodes = filled(1, best, -1, "best")?;
    let mut best_scores = filled(1, best, f32::INFINITY, "best")?;
    let mut found = Best::new(best.min(scores.len()));
    found.offer(0, scores, feasible);
    found.write(&mut best_nodes, &mut best_scores);
    Ok((best_nodes, best_scores))
}

/// More than there are nodes can be asked for, but not any number.
fn check_best(wanted: usize, nodes: usize) -> Result<()> {
    let most = nodes.max(ALWAYS_ALLOWED);
    if wanted <= most {
        return Ok(());
    }
    let problem = format!("{wanted} is more than there are nodes: ask for at most {most}");
    Err(invalid("best", problem))
}

/// A value so many times, if there is memory for it.
fn filled<T: Copy>(pods: usize, width: usize, value: T, argument: &'static str) -> Result<Vec<T>> {
    let mut values = Vec::new();
    let count = pods.checked_mul(width);
    let count = count.filter(|&count| values.try_reserve_exact(count).is_ok());
    let Some(count) = count else {
        let problem = format!("there is no memory for {pods} × {width} results: ask for fewer");
        return Err(invalid(argument, problem));
    };
    values.resize(count, value);
    Ok(values)
}

/// The parts of a slice, one after another, without end where they are empty.
fn split<T>(all: &mut [T], width: usize) -> impl Iterator<Item = &mut [T]> {
    let mut rest = all;
    std::iter::from_fn(move || rest.split_off_mut(..width))
}

/// How many threads are worth starting. The machine is asked only where more than one is: to count
/// what it runs at once takes longer than to score a pod.
fn threads(asked: usize, terms: usize, nodes: usize) -> usize {
    let worth = terms.saturating_mul(nodes).div_ceil(WORTH_A_THREAD);
    let most = match asked {
        _ if worth <= 1 => 1,
        0 => thread::available_parallelism().map_or(1, usize::from),
        _ => asked,
    };
    most.min(worth).min(MOST_THREADS)
}
