//! Finding a cycle, and the depth-first walk that Tarjan's order shares with it.

use super::{AppGraph, WorkloadId};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Unseen,
    OnPath,
    Finished,
}

/// Workloads on the first cycle met, in its order; empty where there is none.
pub(super) fn find(graph: &AppGraph) -> Vec<WorkloadId> {
    finish_order(graph).err().unwrap_or_default()
}

/// Workloads in the order in which a depth-first walk leaves them, or the first cycle met.
///
/// The walk starts at the workloads in declared order and takes callees in the order in which they
/// are listed. Where upstream iterates over a Go map, and so in random order, this is fixed.
pub(super) fn finish_order(graph: &AppGraph) -> Result<Vec<WorkloadId>, Vec<WorkloadId>> {
    let mut marks = vec![Mark::Unseen; graph.len()];
    let mut finished = Vec::with_capacity(graph.len());
    // The path from the start to here, each with the number of its callees already taken.
    let mut path: Vec<(WorkloadId, usize)> = Vec::new();
    for start in graph.workloads() {
        if marks[start.index()] != Mark::Unseen {
            continue;
        }
        marks[start.index()] = Mark::OnPath;
        path.push((start, 0));
        while let Some((workload, taken)) = path.last_mut() {
            let Some(&next) = graph.outgoing(*workload).get(*taken) else {
                marks[workload.index()] = Mark::Finished;
                finished.push(*workload);
                path.pop();
                continue;
            };
            *taken += 1;
            let callee = graph.dependency(next).callee;
            match marks[callee.index()] {
                Mark::Finished => {}
                Mark::Unseen => {
                    marks[callee.index()] = Mark::OnPath;
                    path.push((callee, 0));
                }
                Mark::OnPath => {
                    let on_path = path.iter().map(|&(workload, _)| workload);
                    return Err(on_path.skip_while(|&workload| workload != callee).collect());
                }
            }
        }
    }
    Ok(finished)
}
