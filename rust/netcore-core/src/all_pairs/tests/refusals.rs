//! What is refused, and how it is said.

use super::super::*;

const SOUND: [f32; 4] = [0.0, 1.0, 2.0, 0.0];

fn cells(costs: &[f32]) -> Cells {
    let nodes = costs.len().isqrt();
    let mut cells = Cells::new(nodes).expect("small");
    for (origin, row) in costs.chunks(nodes).enumerate() {
        cells.row_mut(origin).copy_from_slice(row);
    }
    cells
}

#[test]
fn costs_that_cannot_be_are_refused_by_name() {
    let refused = |result: Result<CostMatrix>| result.expect_err("refused").to_string();
    let build = |costs: &[f32], options: &Options<'_>| CostMatrix::new(cells(costs), options);
    let (nan, plain) = (f32::NAN, Options::default());
    for (costs, says) in [
        (
            [0.0, nan, 0.0, 0.0],
            "costs: [0, 1] is NaN: a cost that is not known needs unknown=",
        ),
        ([0.0, 0.0, -2.0, 0.0], "costs: [1, 0] = -2 is negative"),
        (
            [0.0, 0.0, 0.0, f32::INFINITY],
            "costs: [1, 1] = inf is infinite",
        ),
        (
            [0.0, f32::NEG_INFINITY, 0.0, 0.0],
            "costs: [0, 1] = -inf is negative",
        ),
    ] {
        let problem = refused(build(&costs, &plain));
        assert!(problem.starts_with(says), "{problem}");
    }
    for (options, says) in [
        (
            Options {
                unknown: Some(nan),
                ..plain
            },
            "unknown: is NaN",
        ),
        (
            Options {
                largest_cost: -1.0,
                ..plain
            },
            "largest_cost: is negative",
        ),
        (
            Options {
                tolerance: 1.5,
                ..plain
            },
            "tolerance: 1.5 must be from 0 to 1",
        ),
        (
            Options {
                storage: Storage::Zones,
                ..plain
            },
            "zones: are needed",
        ),
        (
            Options {
                zones: Some(&[1]),
                ..plain
            },
            "zones: has 1 entries",
        ),
    ] {
        let problem = refused(build(&SOUND, &options));
        assert!(problem.starts_with(says), "{problem}");
    }
    let two = Options {
        zones: Some(&[8, 3]),
        ..plain
    };
    let problem = refused(build(&[0.0, nan, nan, 0.0], &two));
    assert!(
        problem.starts_with("costs: nothing is known from zone 3 to zone 8"),
        "{problem}"
    );
    for (zones, links, says) in [
        (
            &[0, 2][..],
            &[][..],
            "zones: [1] = 2 is no zone: there are costs between 2",
        ),
        (&[0, 1], &[(0, 2, 1.0)], "links: [0, 2] leads to no node"),
        (
            &[0, 1],
            &[(0, 1, 1.0), (1, 0, 1.0), (0, 1, 2.0)],
            "links: [0, 1] comes twice",
        ),
        (&[0, 1], &[(0, 1, nan)], "links: [0, 1] = NaN is NaN"),
    ] {
        let problem = refused(CostMatrix::from_zones(zones, cells(&SOUND), links));
        assert!(problem.starts_with(says), "{problem}");
    }
    let problem = refused(CostMatrix::from_zones(&[0], cells(&[nan]), &[]));
    assert!(
        problem.starts_with("zone_costs: [0, 0] is NaN"),
        "{problem}"
    );
}

#[test]
fn links_that_cannot_be_set_are_refused_by_name() {
    let options = Options {
        storage: Storage::U16,
        ..Options::default()
    };
    let mut costs = CostMatrix::new(cells(&SOUND), &options).expect("sound");
    let nan = f32::NAN;
    for (result, says) in [
        (
            costs.set_link(2, 0, 1.0),
            "origin: 2 is no node: there are 2",
        ),
        (costs.set_link(0, 2, 1.0), "destination: 2 is no node"),
        (costs.set_link(0, 1, nan), "cost: NaN is NaN"),
        (costs.set_both(0, 1, 2.5), "cost: 2.5 is above 2"),
    ] {
        let problem = result.expect_err("refused").to_string();
        assert!(problem.starts_with(says), "{problem}");
    }
}

#[test]
fn batches_that_cannot_be_are_refused_by_name() {
    let costs = CostMatrix::new(cells(&SOUND), &Options::default()).expect("sound");
    let nan = f32::NAN;
    let pods = Pods {
        indptr: &[0, 1],
        peers: &[1],
        weight_to: Some(&[1.0]),
        weight_from: None,
    };
    let refused = |pods: Pods<'_>, feasible, best| {
        let request = Request {
            pods,
            feasible,
            best,
            matrix: false,
            threads: 1,
        };
        costs.score(&request).expect_err("refused").to_string()
    };
    for (pods, says) in [
        (
            Pods {
                indptr: &[],
                ..pods
            },
            "indptr: is empty",
        ),
        (
            Pods {
                indptr: &[0],
                ..pods
            },
            "indptr: goes from 0 to 0: it must go from 0 to the number of peers, 1",
        ),
        (
            Pods {
                indptr: &[1, 1],
                ..pods
            },
            "indptr: goes from 1",
        ),
        (
            Pods {
                indptr: &[0, 5, 1],
                ..pods
            },
            "indptr: falls after entry 1",
        ),
        (
            Pods {
                peers: &[2],
                ..pods
            },
            "peers: [0] = 2 is no node: there are 2",
        ),
        (
            Pods {
                weight_to: Some(&[]),
                ..pods
            },
            "weight_to: has 0 entries",
        ),
        (
            Pods {
                weight_from: Some(&[nan]),
                ..pods
            },
            "weight_from: [0] = NaN must be finite",
        ),
        (
            Pods {
                weight_to: Some(&[-1.0]),
                ..pods
            },
            "weight_to: [0] = -1 must be finite",
        ),
        (
            Pods {
                weight_to: Some(&[f32::MAX]),
                ..pods
            },
            "weight_to: the weights of pod 0 sum to",
        ),
    ] {
        let problem = refused(pods, Feasible::Everywhere, 1);
        assert!(problem.starts_with(says), "{problem}");
    }
    assert!(refused(pods, Feasible::Nodes(&[true]), 1).starts_with("feasible: has 1 entries"));
    assert!(
        refused(pods, Feasible::NodesOfPods(&[true]), 1).starts_with("feasible: has 1 entries")
    );
    assert!(
        refused(pods, Feasible::Everywhere, usize::MAX)
            .starts_with("best: 18446744073709551615 is more")
    );
}
