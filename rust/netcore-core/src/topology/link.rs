//! What is known of the path from one node to another.

/// Where the knowledge of a link comes from. The numbers are those of the Python array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Provenance {
    /// Nothing is known: neither measured, nor estimated, nor declared.
    #[default]
    Unknown = 0,
    /// Measured by an agent at one of its ends.
    Measured = 1,
    /// Estimated from the measurements of other pairs.
    Estimated = 2,
    /// Declared between zones or regions in a `NetworkTopology`.
    Declared = 3,
    /// Both ends are the same node.
    Own = 4,
}

impl Provenance {
    /// That of a round-trip time from an agent, which is NaN where no probe came back.
    pub(super) fn of_measured(rtt_ms: f32) -> Self {
        if rtt_ms.is_nan() {
            Self::Unknown
        } else {
            Self::Measured
        }
    }

    /// The provenance of a number; an unknown number is unknown.
    pub fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Measured,
            2 => Self::Estimated,
            3 => Self::Declared,
            4 => Self::Own,
            _ => Self::Unknown,
        }
    }

    /// The word in an explanation.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Measured => "measured",
            Self::Estimated => "estimated",
            Self::Declared => "declared",
            Self::Own => "same-node",
        }
    }
}

/// The path from one node to another; NaN where a quantity is unknown.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// Round-trip time, ms: the median where measured, the declared network cost where declared.
    pub rtt_ms: f32,
    /// 90th percentile of the round-trip time, ms.
    pub rtt_p90_ms: f32,
    /// Interquartile range of the round-trip time, ms.
    pub jitter_ms: f32,
    /// Share of packets lost from origin to destination, 0 to 1.
    pub loss: f32,
    /// Bandwidth from origin to destination, bit/s.
    pub bandwidth_bps: f64,
    /// Time since it was observed, s.
    pub age_s: f32,
    /// Where the round-trip time comes from.
    pub source: Provenance,
}

impl Link {
    /// A link about which nothing is known.
    pub const UNKNOWN: Self = Self {
        rtt_ms: f32::NAN,
        rtt_p90_ms: f32::NAN,
        jitter_ms: f32::NAN,
        loss: f32::NAN,
        bandwidth_bps: f64::NAN,
        age_s: f32::NAN,
        source: Provenance::Unknown,
    };

    /// The path from a node to itself: no time, no loss, and no bandwidth that could run out.
    pub const OWN: Self = Self {
        rtt_ms: 0.0,
        rtt_p90_ms: 0.0,
        jitter_ms: 0.0,
        loss: 0.0,
        age_s: 0.0,
        source: Provenance::Own,
        ..Self::UNKNOWN
    };

    /// Whether nothing is known of the path: no round trip, loss or bandwidth, without which the
    /// rest tells nothing.
    pub fn is_blank(&self) -> bool {
        let has_rtt = !self.network_cost().is_nan();
        !has_rtt && self.loss.is_nan() && self.bandwidth_bps.is_nan()
    }

    /// The network cost that limits are compared with: the 90th percentile of the RTT where it is
    /// known, else the RTT; NaN where neither is.
    pub fn network_cost(&self) -> f32 {
        if self.rtt_p90_ms.is_nan() {
            self.rtt_ms
        } else {
            self.rtt_p90_ms
        }
    }
}
