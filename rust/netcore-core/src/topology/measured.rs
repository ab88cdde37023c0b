//! What was measured of the links between the nodes, by slot.

use super::{Direction, Link, Matrix, Plane, Provenance, Storage};
use crate::NodeId;

/// Every quantity of the links, each in a matrix whose rows are sparse or dense by how many of
/// their cells are known.
///
/// A link that is [blank](Link::is_blank) is unknown in whole: where the walked quantities know
/// nothing of it, the others do not either.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    pub(super) rtt_ms: Plane<f32>,
    pub(super) rtt_p90_ms: Plane<f32>,
    pub(super) loss: Plane<f32>,
    pub(super) bandwidth_bps: Plane<f64>,
    jitter_ms: Matrix<f32>,
    age_s: Matrix<f32>,
    source: Matrix<u8>,
}

impl Measured {
    /// Hold the rows in this form.
    pub(super) fn store(&mut self, storage: Storage) {
        for plane in [&mut self.rtt_ms, &mut self.rtt_p90_ms, &mut self.loss] {
            plane.store(storage);
        }
        self.bandwidth_bps.store(storage);
        self.jitter_ms.store(storage);
        self.age_s.store(storage);
        self.source.store(storage);
    }

    /// Take in slots up to `size`.
    pub(super) fn grow(&mut self, size: usize) {
        for plane in [&mut self.rtt_ms, &mut self.rtt_p90_ms, &mut self.loss] {
            plane.grow(size);
        }
        self.bandwidth_bps.grow(size);
        self.jitter_ms.grow(size);
        self.age_s.grow(size);
        self.source.grow(size);
    }

    /// The link of an ordered pair; unknown where there is no such slot.
    pub(super) fn get(&self, origin: usize, destination: usize) -> Link {
        Link {
            rtt_ms: self.rtt_ms.get(origin, destination),
            rtt_p90_ms: self.rtt_p90_ms.get(origin, destination),
            jitter_ms: self.jitter_ms.get(origin, destination),
            loss: self.loss.get(origin, destination),
            bandwidth_bps: self.bandwidth_bps.get(origin, destination),
            age_s: self.age_s.get(origin, destination),
            source: Provenance::from_number(self.source.get(origin, destination)),
        }
    }

    /// Write what is known of the links from an origin over what stands in a buffer by slot.
    pub(super) fn lay_over(&self, origin: usize, links: &mut [Link]) {
        for (slot, cell) in self.rtt_ms.from_origin(origin).known() {
            links[slot].rtt_ms = cell;
        }
        for (slot, cell) in self.rtt_p90_ms.from_origin(origin).known() {
            links[slot].rtt_p90_ms = cell;
        }
        for (slot, cell) in self.jitter_ms.row(origin).known() {
            links[slot].jitter_ms = cell;
        }
        for (slot, cell) in self.loss.from_origin(origin).known() {
            links[slot].loss = cell;
        }
        for (slot, cell) in self.bandwidth_bps.from_origin(origin).known() {
            links[slot].bandwidth_bps = cell;
        }
        for (slot, cell) in self.age_s.row(origin).known() {
            links[slot].age_s = cell;
        }
        for (slot, cell) in self.source.row(origin).known() {
            links[slot].source = Provenance::from_number(cell);
        }
    }

    /// The round trip that is known of a link, ms, where placement reads anything else of it than
    /// of another.
    pub(super) fn differs(&self, origin: usize, destination: usize, other: &Link) -> Option<f32> {
        let differ = |one: f32, other: f32| one.to_bits() != other.to_bits();
        let rtt_ms = self.rtt_ms.get(origin, destination);
        let differs = differ(rtt_ms, other.rtt_ms)
            || differ(self.rtt_p90_ms.get(origin, destination), other.rtt_p90_ms)
            || differ(self.loss.get(origin, destination), other.loss)
            || self.bandwidth_bps.get(origin, destination).to_bits()
                != other.bandwidth_bps.to_bits();
        differs.then_some(rtt_ms)
    }

    /// Put a link in place of what was known of it.
    ///
    /// # Panics
    ///
    /// Where a slot is out of range.
    pub(super) fn set(&mut self, origin: usize, destination: usize, link: &Link) {
        self.rtt_ms.set(origin, destination, link.rtt_ms);
        self.rtt_p90_ms.set(origin, destination, link.rtt_p90_ms);
        self.jitter_ms.set(origin, destination, link.jitter_ms);
        self.loss.set(origin, destination, link.loss);
        self.bandwidth_bps
            .set(origin, destination, link.bandwidth_bps);
        self.age_s.set(origin, destination, link.age_s);
        self.source.set(origin, destination, link.source as u8);
    }

    /// Tell how long ago a link was observed, s; nothing happens where nothing is known of it.
    pub(super) fn date(&mut self, origin: usize, destination: usize, age_s: f32) {
        if !self.get(origin, destination).is_blank() {
            self.age_s.set(origin, destination, age_s);
        }
    }

    /// The slots at the other ends of a slot's links in a direction of which something is known,
    /// in order.
    pub(super) fn known(&self, slot: usize, direction: Direction) -> Vec<usize> {
        let mut others = Vec::new();
        for plane in [&self.rtt_ms, &self.rtt_p90_ms, &self.loss] {
            others.extend(plane.row(slot, direction).known().map(|(other, _)| other));
        }
        let cells = self.bandwidth_bps.row(slot, direction).known();
        others.extend(cells.map(|(other, _)| other));
        others.sort_unstable();
        others.dedup();
        others
    }

    /// The slots to which a round trip from an origin is known, in order.
    pub(super) fn round_trips(&self, origin: usize) -> impl Iterator<Item = NodeId> {
        let known = self.source.row(origin).known();
        known.map(|(slot, _)| NodeId(slot as u32))
    }

    /// Bytes that the links take.
    pub(super) fn bytes(&self) -> usize {
        let planes = [&self.rtt_ms, &self.rtt_p90_ms, &self.loss];
        let planes: usize = planes.into_iter().map(Plane::bytes).sum();
        let matrices = self.jitter_ms.bytes() + self.age_s.bytes() + self.source.bytes();
        planes + matrices + self.bandwidth_bps.bytes()
    }
}
