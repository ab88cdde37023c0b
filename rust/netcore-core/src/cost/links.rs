//! What each link of a topology costs by itself, before any dependency asks something of it.

use super::{Need, Path, PolicyChoice, round_trip_loss};
use crate::NodeId;
use crate::topology::{Provenance, Topology};

/// Target where no round trip is known at all, ms: any value serves.
const ANY_TARGET_MS: f32 = 1.0;

/// The cost of each link, 0 to 1, row-major, a cell for each pair of slots; NaN where nothing is
/// known of it. The target of `slo` and `time` is what stands for *near* in this topology.
pub fn of_links(topology: &Topology, choice: PolicyChoice) -> Vec<f32> {
    let policy = choice.over(topology, 0.0);
    let need = Need {
        target_rtt_ms: topology.nearest_rtt_ms().unwrap_or(ANY_TARGET_MS),
        min_bandwidth_bps: 0.0,
    };
    let mut costs = Vec::with_capacity(topology.slots() * topology.slots());
    let (mut links, mut losses_back) = (Vec::new(), Vec::new());
    for origin in (0..topology.slots() as u32).map(NodeId) {
        topology.links_from(origin, &mut links);
        losses_back.clear();
        losses_back.resize(topology.slots(), f32::NAN);
        let towards = topology.loss().to_destination(origin.index());
        towards.lay_over(&mut losses_back);
        costs.extend(links.iter().zip(&losses_back).map(|(link, &loss_back)| {
            let path = Path {
                rtt_ms: link.rtt_ms,
                loss: round_trip_loss(link.loss, loss_back),
                bandwidth_bps: link.bandwidth_bps,
            };
            match link.source {
                Provenance::Own => 0.0,
                _ => policy.cost(&path, &need),
            }
        }));
    }
    costs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::Slo;
    use crate::topology::Arrays;

    #[test]
    fn near_is_free_far_is_dear_and_unknown_is_neither() {
        let nan = f32::NAN;
        let topology = Topology::from_arrays(
            ["a", "b", "c"],
            Arrays {
                rtt_ms: &[0.0, 1.0, 4.0, nan, 0.0, nan, nan, nan, 0.0],
                ..Arrays::default()
            },
        )
        .expect("a sound matrix");
        let costs = of_links(&topology, PolicyChoice::Slo(Slo::default()));
        assert_eq!(costs[0].to_bits(), 0.0_f32.to_bits());
        assert!(costs[1] < costs[2] && costs[2] <= 1.0);
        assert!(costs[5].is_nan());
        let linear = of_links(
            &topology,
            PolicyChoice::Linear(crate::cost::LinearWeights::default()),
        );
        assert!(linear[1] < linear[2] && linear[7].is_nan());
    }
}
