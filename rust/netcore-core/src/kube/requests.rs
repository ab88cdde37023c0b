//! What a pod asks for, and what it counts for once it is on a node.
//!
//! *Source*: Kubernetes `component-helpers/resource` (KEP-753 for sidecars, KEP-2837 for resources
//! of the pod, KEP-1287 for resizing in place) and the scheduler's own defaults for scoring.

use std::sync::Arc;

use super::wire;
use super::{Quantity, names};
use crate::pool::Pool;

/// Amounts of each resource, whole and non-negative: the API admits no less than nothing, and an
/// object that asks for it all the same asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Amounts {
    /// Thousandths of a core.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory: i64,
    /// Bytes of local storage.
    pub ephemeral_storage: i64,
    /// Any other resource that is counted, sorted by name.
    pub scalars: Box<[(Arc<str>, i64)]>,
}

impl Amounts {
    /// The amount of the resource with this name; 0 where there is none.
    pub fn get(&self, resource: &str) -> i64 {
        match resource {
            "cpu" => self.cpu_milli,
            "memory" => self.memory,
            "ephemeral-storage" => self.ephemeral_storage,
            _ => self
                .scalars
                .iter()
                .find(|(name, _)| &**name == resource)
                .map_or(0, |&(_, amount)| amount),
        }
    }

    pub(super) fn from_list<'a>(
        list: impl IntoIterator<Item = (&'a str, Quantity)>,
        strings: &mut Pool<str>,
    ) -> Self {
        let mut amounts = Self::default();
        let mut scalars = Vec::new();
        for (name, quantity) in list {
            let quantity = quantity.max(Quantity::default());
            match name {
                "cpu" => amounts.cpu_milli = quantity.milli(),
                "memory" => amounts.memory = quantity.whole(),
                "ephemeral-storage" => amounts.ephemeral_storage = quantity.whole(),
                _ if names::is_scalar_resource(name) => {
                    scalars.push((strings.share(name), quantity.whole()));
                }
                _ => {}
            }
        }
        scalars.sort_unstable();
        amounts.scalars = scalars.into();
        amounts
    }
}

/// What scoring takes a container to use of the processor where it asks for nothing: 0.1 cores.
const ASSUMED_CPU_MILLI: i64 = 100;
/// What scoring takes a container to use of memory where it asks for nothing: 200 MiB.
const ASSUMED_MEMORY: i64 = 200 << 20;

/// The needs of a pod, each in the reading of the plugin that looks at it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Requests {
    /// What must be free on a node.
    pub needed: Amounts,
    /// What scoring by NodeResourcesFit counts: containers that ask for no processor or no memory
    /// are taken to use a little, and resources of the pod as a whole are not looked at.
    pub scored: Amounts,
    /// What the pod takes once it is on a node. Differs from `needed` while it is being resized.
    pub taken: Amounts,
    /// Thousandths of a core that a pod on a node counts for in scoring.
    pub taken_nonzero_cpu_milli: i64,
    /// Bytes of memory that a pod on a node counts for in scoring.
    pub taken_nonzero_memory: i64,
}

impl Requests {
    pub(super) fn decode(pod: &wire::Pod<'_>, strings: &mut Pool<str>) -> Self {
        let assumed = [
            ("cpu", Quantity::from_milli(ASSUMED_CPU_MILLI)),
            ("memory", Quantity::from_whole(ASSUMED_MEMORY)),
        ];
        let plain = Reading::default();
        let needed = plain.requests(pod);
        let scored = Reading {
            assumed: &assumed,
            ignores_pod_level: true,
            ..plain
        };
        let on_node = Reading {
            heeds_status: true,
            ..plain
        };
        let taken = on_node.requests(pod);
        let missing: Vec<_> = assumed
            .into_iter()
            .filter(|(name, _)| !sets_pod_level(pod) || taken.get(name).is_none())
            .collect();
        let nonzero = Reading {
            assumed: &missing,
            ..on_node
        }
        .requests(pod);
        let nonzero = |name| {
            nonzero
                .get(name)
                .unwrap_or_default()
                .max(Quantity::default())
        };
        Self {
            needed: Amounts::from_list(needed.0, strings),
            scored: Amounts::from_list(scored.requests(pod).0, strings),
            taken: Amounts::from_list(taken.0, strings),
            taken_nonzero_cpu_milli: nonzero("cpu").milli(),
            taken_nonzero_memory: nonzero("memory").whole(),
        }
    }
}

/// Exact amounts by name. Pods ask for so few resources that a list beats a map.
#[derive(Debug, Clone, Default)]
struct Sum<'a>(Vec<(&'a str, Quantity)>);

impl<'a> Sum<'a> {
    fn get(&self, name: &str) -> Option<Quantity> {
        self.0.iter().find(|(own, _)| *own == name).map(|e| e.1)
    }

    fn merge(
        &mut self,
        others: impl IntoIterator<Item = (&'a str, Quantity)>,
        join: fn(Quantity, Quantity) -> Quantity,
    ) {
        for (name, quantity) in others {
            match self.0.iter_mut().find(|(own, _)| *own == name) {
                Some((_, own)) => *own = join(*own, quantity),
                None => self.0.push((name, quantity)),
            }
        }
    }

    fn add(&mut self, others: impl IntoIterator<Item = (&'a str, Quantity)>) {
        self.merge(others, std::ops::Add::add);
    }

    fn raise_to(&mut self, others: impl IntoIterator<Item = (&'a str, Quantity)>) {
        self.merge(others, Ord::max);
    }
}

fn entries<'a>(list: &'a wire::ResourceList<'_>) -> impl Iterator<Item = (&'a str, Quantity)> {
    list.iter().map(|(name, quantity)| (&**name, *quantity))
}

/// Whether the pod as a whole may ask for a resource.
fn is_pod_level(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || name.starts_with("hugepages-")
}

fn pod_level<'a>(pod: &'a wire::Pod<'_>) -> impl Iterator<Item = (&'a str, Quantity)> {
    pod.spec
        .resources
        .iter()
        .flat_map(|resources| entries(&resources.requests))
        .filter(|(name, _)| is_pod_level(name))
}

fn sets_pod_level(pod: &wire::Pod<'_>) -> bool {
    pod_level(pod).next().is_some()
}

/// One way to add up a pod's requests.
#[derive(Debug, Clone, Copy, Default)]
struct Reading<'r> {
    /// What a container that does not name a resource is taken to ask for.
    assumed: &'r [(&'static str, Quantity)],
    /// Whether the requests of the pod as a whole stand aside.
    ignores_pod_level: bool,
    /// Whether what the node allocated counts where it is more than the specification asks.
    heeds_status: bool,
}

impl Reading<'_> {
    /// Containers and sidecars together, or the largest step of the start-up where that is more;
    /// then what the pod as a whole asks for in their place; then the overhead.
    fn requests<'a>(self, pod: &'a wire::Pod<'_>) -> Sum<'a> {
        let mut total = Sum::default();
        for container in &*pod.spec.containers {
            total.add(
                self.container(pod, container, &pod.status.container_statuses)
                    .0,
            );
        }
        let mut sidecars = Sum::default();
        let mut largest_step = Sum::default();
        for container in &*pod.spec.init_containers {
            let own = self.container(pod, container, &pod.status.init_container_statuses);
            if container.is_sidecar() {
                total.add(own.0.iter().copied());
                sidecars.add(own.0);
                largest_step.raise_to(sidecars.0.iter().copied());
            } else {
                let mut step = own;
                step.add(sidecars.0.iter().copied());
                largest_step.raise_to(step.0);
            }
        }
        total.raise_to(largest_step.0);
        if !self.ignores_pod_level {
            total.merge(pod_level(pod), |_, whole| whole);
        }
        total.add(entries(&pod.spec.overhead));
        total
    }

    fn container<'a>(
        self,
        pod: &wire::Pod<'_>,
        container: &'a wire::Container<'_>,
        statuses: &'a [wire::ContainerStatus<'_>],
    ) -> Sum<'a> {
        let mut own = Sum::default();
        if let Some(resources) = &container.resources {
            own.add(entries(&resources.requests));
        }
        if self.heeds_status {
            let status = statuses
                .iter()
                .find(|status| *status.name == *container.name);
            if let Some((status, actual)) = status.and_then(|s| Some((s, s.resources.as_ref()?))) {
                if is_resize_infeasible(pod) {
                    own = Sum::default();
                }
                own.raise_to(entries(&actual.requests));
                own.raise_to(entries(&status.allocated_resources));
            }
        }
        for &(name, quantity) in self.assumed {
            if own.get(name).is_none() {
                own.0.push((name, quantity));
            }
        }
        own
    }
}

/// Whether the node refused to resize the pod, so that what it asks for will not come to be.
fn is_resize_infeasible(pod: &wire::Pod<'_>) -> bool {
    pod.status
        .conditions
        .iter()
        .find(|condition| &*condition.kind == "PodResizePending")
        .is_some_and(|condition| &*condition.reason == "Infeasible")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::{Pools, decode_pod};

    const MIB: i64 = 1 << 20;

    fn requests(spec: &str, status: &str) -> Requests {
        let json =
            format!(r#"{{"metadata": {{"name": "p"}}, "spec": {spec}, "status": {status}}}"#);
        let pod = decode_pod(json.as_bytes(), &mut Pools::default()).expect("a sound pod");
        pod.spec.requests.clone()
    }

    fn container(requests: &str, rest: &str) -> String {
        format!(r#"{{"name": "c", "resources": {{"requests": {{{requests}}}}}{rest}}}"#)
    }

    #[test]
    fn containers_are_summed_before_rounding() {
        let part = container(r#""cpu": "100u", "memory": "0.6""#, "");
        let found = requests(&format!(r#"{{"containers": [{part}, {part}]}}"#), "{}");
        assert_eq!((found.needed.cpu_milli, found.needed.memory), (1, 2));
    }

    #[test]
    fn the_largest_step_of_the_start_up_counts() {
        let sidecar = container(r#""cpu": "1""#, r#", "restartPolicy": "Always""#);
        let step = container(r#""cpu": "3", "memory": "9""#, "");
        let main = container(r#""cpu": "2", "memory": "5""#, "");
        // Before the sidecar runs the step needs 3 cores, after it 4; all together then need 3.
        let first = format!(r#"{{"initContainers": [{step}, {sidecar}], "containers": [{main}]}}"#);
        let after = format!(r#"{{"initContainers": [{sidecar}, {step}], "containers": [{main}]}}"#);
        assert_eq!(requests(&first, "{}").needed.cpu_milli, 3000);
        let found = requests(&after, "{}");
        assert_eq!((found.needed.cpu_milli, found.needed.memory), (4000, 9));
    }

    #[test]
    fn scoring_assumes_a_little_use() {
        let bare = r#"{"name": "c"}"#;
        let idle = container(r#""cpu": "0""#, "");
        let spec = format!(
            r#"{{"containers": [{bare}, {idle}], "overhead": {{"cpu": "50m", "x.org/y": "2"}}}}"#
        );
        let found = requests(&spec, "{}");
        assert_eq!((found.needed.cpu_milli, found.needed.memory), (50, 0));
        assert_eq!(found.needed.get("x.org/y"), 2);
        // A container that says 0 is taken at its word.
        assert_eq!(
            (found.scored.cpu_milli, found.scored.memory),
            (150, 400 * MIB)
        );
        assert_eq!(found.taken_nonzero_cpu_milli, 150);
        assert_eq!(found.taken_nonzero_memory, 400 * MIB);
    }

    #[test]
    fn the_pod_as_a_whole_may_ask() {
        let main = container(r#""cpu": "2", "ephemeral-storage": "1Gi""#, "");
        let spec = format!(
            r#"{{"containers": [{main}], "overhead": {{"cpu": "1"}},
                 "resources": {{"requests": {{"cpu": "5", "ephemeral-storage": "9Gi"}}}}}}"#
        );
        let found = requests(&spec, "{}");
        assert_eq!(found.needed.cpu_milli, 6000);
        assert_eq!(
            found.needed.ephemeral_storage,
            1 << 30,
            "not a resource of a whole pod"
        );
        assert_eq!(found.scored.cpu_milli, 3000, "scoring looks at containers");
        assert_eq!(found.taken_nonzero_cpu_milli, 6000);
        assert_eq!(found.taken_nonzero_memory, 200 * MIB);
    }

    #[test]
    fn a_resize_counts_with_the_larger_of_both_until_it_is_refused() {
        let main = container(r#""cpu": "3""#, "");
        let status = |condition: &str| {
            format!(
                r#"{{"conditions": [{condition}], "containerStatuses": [{{"name": "c",
                     "resources": {{"requests": {{"cpu": "1"}}}},
                     "allocatedResources": {{"cpu": "2"}}}}]}}"#
            )
        };
        let spec = format!(r#"{{"containers": [{main}]}}"#);
        let pending = requests(
            &spec,
            &status(r#"{"type": "PodResizePending", "reason": "Deferred"}"#),
        );
        assert_eq!(
            (pending.needed.cpu_milli, pending.taken.cpu_milli),
            (3000, 3000)
        );
        let refused = requests(
            &spec,
            &status(r#"{"type": "PodResizePending", "reason": "Infeasible"}"#),
        );
        assert_eq!(
            (refused.needed.cpu_milli, refused.taken.cpu_milli),
            (3000, 2000)
        );
    }
}
