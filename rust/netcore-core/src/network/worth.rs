//! What links are worth to a need, as integers: sums of integers do not depend on the order of the
//! addends, and taking away what was added leaves exactly what was before.

use super::peer_links::{PeerLinks, Seen};
use super::utility::Utilities;
use crate::cost::{NEUTRAL, Need, Path};
use crate::kernel::{self, BLOCK, Capped};

/// A utility of 1 as an integer.
pub(crate) const ONE: u16 = u16::MAX;

/// What the worth of a peer's links to a need is added to, by slot, and how often: a number that
/// wraps takes it away.
pub(super) struct Sums<'a> {
    pub(super) need: Need,
    pub(super) times: u32,
    pub(super) cells: &'a mut [u32],
}

impl Utilities {
    /// Adds what the links of a peer are worth to each of some sums over the same slots: [`ONE`]
    /// to the peer's own, nothing to a vacant one, and to that of an unknown link what is
    /// [neutral](Self::neutrals).
    ///
    /// *Complexity*: O(N) for each.
    pub(super) fn add(&self, links: &PeerLinks, all: &mut [Sums<'_>]) {
        let slots = all
            .first()
            .map_or(0, |sums| sums.cells.len().min(links.slots()));
        let needs: Vec<Need> = all.iter().map(|sums| sums.need).collect();
        let mut totals = vec![0; all.len()];
        let has_unknown = links.unknown().is_some();
        let mut worth = [0; BLOCK];
        self.for_blocks(links, &needs, slots, |which, start, block| {
            let Sums { cells, times, .. } = &mut all[which];
            let cells = &mut cells[start..start + block.round_trips.len()];
            if has_unknown {
                let worth = &mut worth[..cells.len()];
                block.write_worth(worth);
                kernel::add_times(cells, worth, *times);
                totals[which] += total(worth);
            } else {
                block.add_to(cells, *times);
            }
        });
        for (Sums { need, times, cells }, mut total) in all.iter_mut().zip(totals) {
            let mut add = |slot: usize, worth: u16| {
                cells[slot] = cells[slot].wrapping_add(times.wrapping_mul(worth.into()));
            };
            for (node, path) in links.closer() {
                let worth = self.of_path(path, need);
                total += u64::from(worth);
                add(node.index(), worth);
            }
            if let Some(own) = links.own() {
                add(own.index(), ONE);
            }
            if let Some(unknown) = links.unknown() {
                let neutral = neutral(total, links.known());
                unknown.runs().flatten().for_each(|slot| add(slot, neutral));
            }
        }
    }

    /// What an unknown link of a peer counts to each of some needs: the mean of those that are
    /// known, but no more than [`NEUTRAL`].
    ///
    /// *Complexity*: O(1) where every link is known, for nothing depends on it then; else O(N).
    pub(super) fn neutrals(&self, links: &PeerLinks, needs: &[Need]) -> Vec<u16> {
        let mut totals = vec![0; needs.len()];
        if links.unknown().is_some() {
            let mut worth = [0; BLOCK];
            self.for_blocks(links, needs, links.slots(), |which, _, block| {
                let worth = &mut worth[..block.round_trips.len()];
                block.write_worth(worth);
                totals[which] += total(worth);
            });
            for (need, total) in needs.iter().zip(&mut totals) {
                let closer = links.closer().map(|(_, path)| self.of_path(path, need));
                *total += closer.map(u64::from).sum::<u64>();
            }
        }
        let mean = |total| neutral(total, links.known());
        totals.into_iter().map(mean).collect()
    }

    /// What a link of a peer is worth to a need, given what an unknown one counts.
    pub(super) fn of_seen(&self, links: &PeerLinks, seen: Seen, need: &Need, neutral: u16) -> u16 {
        match seen {
            Seen::Vacant => 0,
            Seen::Own => ONE,
            Seen::Unknown => neutral,
            Seen::Link(path) if links.is_plain(&path) => {
                let [mut round_trip, mut one] = [[0.0]; 2];
                let mut worth = [0];
                self.prepare(&[path.rtt_ms], &mut round_trip, &mut one);
                let block = Block {
                    utilities: self,
                    supposed_bps: links.supposed_bps(),
                    need,
                    line: self.policy.line(links.supposed_bps(), need),
                    round_trips: &round_trip,
                    ones: &one,
                };
                block.write_worth(&mut worth);
                worth[0] as u16
            }
            Seen::Link(path) => self.of_path(&path, need),
        }
    }

    fn of_path(&self, path: &Path, need: &Need) -> u16 {
        let one = kernel::ONE * self.closeness(path.rtt_ms);
        kernel::whole(self.policy.utility(path, need) * one)
    }

    /// Hands over a peer's links of which just the round trip is known, block by block with its
    /// first slot, and once for each of some needs. The other links of a block are worth nothing.
    ///
    /// A block is small enough to stay in the first cache until all needs have had it.
    fn for_blocks(
        &self,
        links: &PeerLinks,
        needs: &[Need],
        slots: usize,
        mut take: impl FnMut(usize, usize, &Block<'_>),
    ) {
        let supposed_bps = links.supposed_bps();
        let line_of = |need| self.policy.line(supposed_bps, need);
        let curves: Vec<_> = needs.iter().map(line_of).collect();
        let [mut rtt_ms, mut round_trips, mut ones] = [[0.0; BLOCK]; 3];
        for start in (0..slots).step_by(BLOCK) {
            let slots = BLOCK.min(slots - start);
            let (round_trips, ones) = (&mut round_trips[..slots], &mut ones[..slots]);
            links.write_rtt_ms(start, &mut rtt_ms[..slots]);
            self.prepare(&rtt_ms[..slots], round_trips, ones);
            for (which, (need, &line)) in needs.iter().zip(&curves).enumerate() {
                let block = Block {
                    utilities: self,
                    supposed_bps,
                    need,
                    line,
                    round_trips,
                    ones,
                };
                take(which, start, &block);
            }
        }
    }

    /// Works out what the worth of some round trips, ms, has in common whatever is needed: what is
    /// worth 1, and what the policy makes of them, times that for one whose utilities are on a
    /// line.
    fn prepare(&self, rtt_ms: &[f32], round_trips: &mut [f32], ones: &mut [f32]) {
        self.policy.prepare(rtt_ms, round_trips);
        self.ones(rtt_ms, ones);
        if self.policy.has_lines() {
            kernel::multiply(round_trips, ones);
        }
    }
}

/// Some links of a peer of which just the round trip is known, prepared, and a need.
struct Block<'a> {
    utilities: &'a Utilities,
    supposed_bps: f64,
    need: &'a Need,
    line: Option<Capped>,
    round_trips: &'a [f32],
    ones: &'a [f32],
}

impl Block<'_> {
    /// Writes what each is worth.
    fn write_worth(&self, worth: &mut [u32]) {
        if let Some(line) = self.line {
            kernel::capped_to_whole(worth, self.round_trips, self.ones, line);
            return;
        }
        let mut utilities = [0.0; BLOCK];
        let utilities = &mut utilities[..worth.len()];
        let (policy, supposed_bps) = (&self.utilities.policy, self.supposed_bps);
        policy.utilities(self.round_trips, supposed_bps, self.need, utilities);
        kernel::to_whole(worth, utilities, self.ones);
    }

    /// Adds what each is worth so many times to some sums.
    fn add_to(&self, sums: &mut [u32], times: u32) {
        if let Some(line) = self.line {
            kernel::add_capped(sums, self.round_trips, self.ones, line, times);
            return;
        }
        let mut worth = [0; BLOCK];
        let worth = &mut worth[..sums.len()];
        self.write_worth(worth);
        kernel::add_times(sums, worth, times);
    }
}

/// What the links of a block are worth together.
fn total(worth: &[u32]) -> u64 {
    let mut total = 0;
    kernel::total(&mut total, worth);
    total.into()
}

/// What an unknown link counts, given the sum and the number of the known ones.
fn neutral(total: u64, known: u64) -> u16 {
    let mean = total.checked_div(known);
    let most = kernel::whole(NEUTRAL * kernel::ONE);
    mean.map_or(ONE, |mean| mean as u16).min(most)
}
