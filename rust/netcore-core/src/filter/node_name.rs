//! NodeName: a pod that names its node goes there or nowhere.

use crate::context::Context;
use crate::filter::Scope;
use crate::node_set::{NodeId, NodeSet};

pub(super) const REASON: &str = "node(s) didn't match the requested node name";

pub(super) fn scope(context: Context<'_>) -> Scope {
    match context.pod.node_name {
        None => Scope::Skip,
        Some(_) => Scope::EveryNode,
    }
}

pub(super) fn run(context: Context<'_>, among: &NodeSet, mut reject: impl FnMut(NodeId, u64)) {
    for node in among {
        let name = context.nodes().name(node);
        if context
            .pod
            .node_name
            .as_ref()
            .is_some_and(|asked| asked != name)
        {
            reject(node, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::ClusterState;

    #[test]
    fn a_pod_that_names_its_node_goes_nowhere_else() {
        let mut state = ClusterState::new();
        for name in ["a", "b"] {
            let node = format!(r#"{{"metadata": {{"name": "{name}"}}}}"#);
            state.apply("Node", node.as_bytes()).expect("a sound node");
        }
        let rejected = |spec: &str, state: &mut ClusterState| {
            let json = format!(r#"{{"metadata": {{"name": "p"}}, "spec": {spec}}}"#);
            let pod = state.apply("Pod", json.as_bytes()).expect("a sound pod");
            let context = Context {
                state,
                pod: &state.pods().get(pod.expect("a pod")).pod,
            };
            let mut rejected = Vec::new();
            run(context, state.nodes().present(), |node, _| {
                rejected.push(state.nodes().name(node).to_string());
            });
            (scope(context), rejected)
        };
        let (scope, none) = rejected("{}", &mut state);
        assert_eq!((scope, none), (Scope::Skip, vec![]));
        let (scope, others) = rejected(r#"{"nodeName": "b"}"#, &mut state);
        assert_eq!((scope, others), (Scope::EveryNode, vec!["a".to_owned()]));
    }
}
