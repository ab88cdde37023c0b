//! `time`: a link costs the time that calls over it take.

use serde::Deserialize;

use super::{CostPolicy, Need, Path, SHORTEST_TARGET_MS};

/// Utility by the expected communication time T of one call against that of the target link, T*:
///
/// ```text
/// T = k·RTT + S / B_eff + p/(1 − p) · RTO        B_eff = min(B, MSS / (RTT·√p))
/// U = T* / (T* + T)
/// ```
///
/// with k round trips and S bytes a call, bandwidth B and loss p. A packet has to be sent again
/// p/(1 − p) times on average, each time after the retransmission timeout RTO; for the loss of a
/// network that works that is p·RTO. Times a dependency's calls per second, T is its communication
/// time in ms per second, which explanations show: the one unit in which round trips, bandwidth and
/// loss are the same thing. A link that delivers nothing takes forever and has utility 0.
///
/// The target link has the dependency's own target round trip and bandwidth, and loses nothing, so
/// that no other link has a part in a cost. A link like it has utility ½. The ratio of two
/// utilities is that of the times with T* added to each: far beyond the target it is the plain
/// ratio of the times, which `min(1, T*/T)` would give too; but nothing is lost where two links
/// are within a generous target, and the node of a peer itself, where T is 0, is not infinitely
/// better than its neighbour.
///
/// An unknown round trip or bandwidth counts as the target's; loss that nobody measured is not held
/// against a link.
///
/// ```
/// use netcore_core::cost::{CostPolicy, Need, Path, Time};
///
/// let policy = Time { message_bytes: 125_000.0, ..Time::default() };
/// let need = Need { target_rtt_ms: 1.0, min_bandwidth_bps: 1e9 };
/// let path = |rtt_ms, bandwidth_bps| Path { rtt_ms, loss: 0.0, bandwidth_bps };
/// // 1 Mbit takes a millisecond at 1 Gbit/s, and ten at 100 Mbit/s.
/// assert_eq!(policy.time_ms(&path(1.0, 1e9), &need), Some(2.0));
/// assert_eq!(policy.time_ms(&path(1.0, 1e8), &need), Some(11.0));
/// assert_eq!(policy.cost(&path(1.0, 1e9), &need), 0.5);
/// ```
///
/// *Source*: the throughput under loss is that of Mathis, Semke, Mahdavi and Ott, "The macroscopic
/// behavior of the TCP congestion avoidance algorithm" (CCR 27(3), 1997), with its constant taken
/// for 1; the timeout is that of RFC 6298 after one measurement, `RTO = R + 4·R/2` (2.2), and not
/// below a floor (2.4).
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Time {
    /// k: round trips of one call. One, on a connection that is kept open.
    pub round_trips: f64,
    /// S: bytes that one call carries, there and back together. By default 32 there and 1,024
    /// back, what Diktyo's netperf component exchanges (`-r 32,1024`).
    pub message_bytes: f64,
    /// Floor of the retransmission timeout, ms. One second by RFC 6298 (2.4); Linux has 200 ms.
    pub rto_ms: f64,
    /// MSS: bytes of a segment. 1,460 of the 1,500 of Ethernet, by RFC 6691 (2).
    pub segment_bytes: f64,
    /// Bandwidth of the target link of a dependency that asks for none, bit/s. 1 Gbit/s,
    /// the capacity that Diktyo's controller takes where none is declared.
    pub bandwidth_bps: f64,
}

impl Default for Time {
    fn default() -> Self {
        Self {
            round_trips: 1.0,
            message_bytes: 1056.0,
            rto_ms: 1000.0,
            segment_bytes: 1460.0,
            bandwidth_bps: 1e9,
        }
    }
}

const BITS_PER_BYTE: f64 = 8.0;
const MS_PER_S: f64 = 1000.0;

/// RTO after a single measurement R by RFC 6298 (2.2): R + 4·R/2.
const RTO_PER_RTT: f64 = 3.0;

impl Time {
    /// T, ms; infinite over a link that delivers nothing.
    fn call_ms(&self, path: &Path, need: &Need) -> f64 {
        let or = |value: f64, target: f64| if value.is_nan() { target } else { value };
        let rtt_ms = or(path.rtt_ms.into(), need.target_rtt_ms.into());
        let loss = or(path.loss.into(), 0.0);
        let bandwidth_bps = or(path.bandwidth_bps, self.target_bps(need));
        if loss >= 1.0 {
            return f64::INFINITY;
        }
        let timeout_ms = self.rto_ms.max(RTO_PER_RTT * rtt_ms);
        let bandwidth_bps = bandwidth_bps.min(self.throughput_bps(rtt_ms, loss));
        self.round_trips * rtt_ms
            + self.transfer_ms(bandwidth_bps)
            + loss / (1.0 - loss) * timeout_ms
    }

    /// T*, ms.
    fn target_ms(&self, need: &Need) -> f64 {
        let rtt_ms = need.target_rtt_ms.max(SHORTEST_TARGET_MS);
        self.round_trips * f64::from(rtt_ms) + self.transfer_ms(self.target_bps(need))
    }

    fn target_bps(&self, need: &Need) -> f64 {
        if need.min_bandwidth_bps > 0.0 {
            need.min_bandwidth_bps
        } else {
            self.bandwidth_bps
        }
    }

    /// What loss leaves of the throughput of a TCP connection, bit/s.
    fn throughput_bps(&self, rtt_ms: f64, loss: f64) -> f64 {
        // Without loss or distance it has no bound: the quotient is infinite then, and not less
        // than nothing, as it would be by −0.
        BITS_PER_BYTE * self.segment_bytes * MS_PER_S / (rtt_ms * loss.sqrt() + 0.0)
    }

    fn transfer_ms(&self, bandwidth_bps: f64) -> f64 {
        if self.message_bytes > 0.0 {
            BITS_PER_BYTE * self.message_bytes * MS_PER_S / (bandwidth_bps + 0.0)
        } else {
            0.0
        }
    }
}

impl CostPolicy for Time {
    fn name(&self) -> &'static str {
        "time"
    }

    fn reads_bandwidth(&self, _: &Need) -> bool {
        self.message_bytes > 0.0
    }

    fn utility(&self, path: &Path, need: &Need) -> f32 {
        if path.is_unknown() {
            return f32::NAN;
        }
        let target_ms = self.target_ms(need);
        (target_ms / (target_ms + self.call_ms(path, need))) as f32
    }

    fn neutral_bandwidth_bps(&self, need: &Need) -> f64 {
        self.target_bps(need)
    }

    fn utilities(&self, prepared: &[f32], bandwidth_bps: f64, need: &Need, utilities: &mut [f32]) {
        let target_ms = self.target_ms(need);
        let transfer_ms = self.transfer_ms(if bandwidth_bps.is_nan() {
            self.target_bps(need)
        } else {
            bandwidth_bps
        });
        for (utility, &rtt_ms) in utilities.iter_mut().zip(prepared) {
            let call_ms = self.round_trips * f64::from(rtt_ms) + transfer_ms;
            let share = (target_ms / (target_ms + call_ms)) as f32;
            *utility = if rtt_ms.is_nan() { 0.0 } else { share };
        }
    }

    fn time_ms(&self, path: &Path, need: &Need) -> Option<f64> {
        (!path.is_unknown()).then(|| self.call_ms(path, need))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEED: Need = Need {
        target_rtt_ms: 1.0,
        min_bandwidth_bps: 0.0,
    };

    fn path(rtt_ms: f32, loss: f32, bandwidth_bps: f64) -> Path {
        Path {
            rtt_ms,
            loss,
            bandwidth_bps,
        }
    }

    fn ms(policy: &Time, path: &Path) -> f64 {
        policy.time_ms(path, &NEED).expect("something is known")
    }

    #[test]
    fn the_parts_of_the_time() {
        let policy = Time {
            round_trips: 2.0,
            message_bytes: 1_000_000.0,
            ..Time::default()
        };
        for (path, expected) in [
            // 2 · 10 ms, and 8 Mbit at 100 Mbit/s.
            (path(10.0, 0.0, 1e8), 20.0 + 80.0),
            // 1 % loss: 1,460 bytes in 10 ms · √0.01 are 11.68 Mbit/s.
            (path(10.0, 0.01, 1e8), 20.0 + 8e3 / 11.68 + 1000.0 / 99.0),
            // A link that is slower than that anyway.
            (path(10.0, 0.01, 1e6), 20.0 + 8e3 + 1000.0 / 99.0),
            // Beyond a third of a second the timeout is three round trips.
            (path(500.0, 0.5, 1e3), 1000.0 + 8e6 + 1500.0),
            // The target's bandwidth stands for an unknown one, its round trip likewise.
            (path(10.0, 0.0, f64::NAN), 20.0 + 8.0),
            (path(f32::NAN, 0.0, 1e8), 2.0 + 80.0),
            (path(10.0, f32::NAN, 1e8), 20.0 + 80.0),
            (path(0.0, 0.0, f64::INFINITY), 0.0),
        ] {
            let found = ms(&policy, &path);
            assert!((found / expected - 1.0).abs() < 1e-6 || found.to_bits() == expected.to_bits());
        }
    }

    #[test]
    fn the_ratio_of_utilities_is_that_of_the_times() {
        let utility = |rtt_ms| Time::default().utility(&path(rtt_ms, 0.0, 1e9), &NEED);
        assert!((utility(1.0) - 0.5).abs() < 1e-6);
        assert!((utility(200.0) / utility(400.0) - 2.0).abs() < 0.01);
        // Within the target it fades out, without ever being the same.
        assert!(utility(0.0) > utility(0.01) && utility(0.01) / utility(0.02) < 1.01);
    }

    #[test]
    fn nothing_makes_up_for_a_dead_link() {
        for dead in [
            path(0.1, 1.0, 1e12),
            path(0.1, 0.0, 0.0),
            path(f32::NAN, 1.0, f64::NAN),
        ] {
            let cost = Time::default().cost(&dead, &NEED);
            assert_eq!(cost.to_bits(), 1.0_f32.to_bits(), "{dead:?}");
        }
        let none_to_carry = Time {
            message_bytes: 0.0,
            ..Time::default()
        };
        assert!((ms(&none_to_carry, &path(1.0, 0.0, 0.0)) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_target_of_zero_is_defined() {
        let policy = Time {
            message_bytes: 0.0,
            ..Time::default()
        };
        let need = Need {
            target_rtt_ms: 0.0,
            min_bandwidth_bps: 0.0,
        };
        assert!(policy.cost(&path(0.0, 0.0, 1e9), &need) < 1e-6);
        assert!(policy.cost(&path(10.0, 0.0, 1e9), &need) > 0.99);
    }
}
