"""What the API's own declarations say of a field and its published definitions do not.

The definitions (OpenAPI) tell names, types and merging. They do not tell whether a number may be
told apart from its zero value, which object is there even if nobody wrote it, or what the type of
an enumeration is called; yet all three are visible to clients: in what is stored of a request,
and in what an error says.

Keys are the last three parts of a definition's name. Source: the field types in k8s.io/api,
k8s.io/apimachinery and k8s.io/apiextensions-apiserver v0.35.
"""

# Optional scalars whose zero value is not the same as no value (pointers in the declarations).
KEEPS_ZERO: dict[str, str] = {
    "apps.v1.DaemonSetSpec": "revisionHistoryLimit",
    "apps.v1.DaemonSetStatus": "collisionCount",
    "apps.v1.DeploymentSpec": "replicas revisionHistoryLimit progressDeadlineSeconds",
    "apps.v1.DeploymentStatus": "terminatingReplicas collisionCount",
    "apps.v1.ReplicaSetSpec": "replicas",
    "apps.v1.ReplicaSetStatus": "terminatingReplicas",
    "apps.v1.RollingUpdateStatefulSetStrategy": "partition",
    "apps.v1.StatefulSetSpec": "replicas revisionHistoryLimit",
    "apps.v1.StatefulSetStatus": "collisionCount",
    "batch.v1.JobSpec": (
        "parallelism completions activeDeadlineSeconds backoffLimit backoffLimitPerIndex "
        "maxFailedIndexes manualSelector ttlSecondsAfterFinished completionMode suspend "
        "podReplacementPolicy managedBy"
    ),
    "batch.v1.JobStatus": "terminating failedIndexes ready",
    "batch.v1.PodFailurePolicyOnExitCodesRequirement": "containerName",
    "batch.v1.SuccessPolicyRule": "succeededIndexes succeededCount",
    "coordination.v1.LeaseSpec": (
        "holderIdentity leaseDurationSeconds leaseTransitions strategy preferredHolder"
    ),
    "core.v1.AppArmorProfile": "localhostProfile",
    "core.v1.AzureDiskVolumeSource": "cachingMode fsType readOnly kind",
    "core.v1.AzureFilePersistentVolumeSource": "secretNamespace",
    "core.v1.CSIVolumeSource": "readOnly fsType",
    "core.v1.ClientIPConfig": "timeoutSeconds",
    "core.v1.ClusterTrustBundleProjection": "name signerName optional",
    "core.v1.ConfigMap": "immutable",
    "core.v1.ConfigMapEnvSource": "optional",
    "core.v1.ConfigMapKeySelector": "optional",
    "core.v1.ConfigMapProjection": "optional",
    "core.v1.ConfigMapVolumeSource": "defaultMode optional",
    "core.v1.Container": "restartPolicy",
    "core.v1.ContainerStatus": "started stopSignal",
    "core.v1.DownwardAPIVolumeFile": "mode",
    "core.v1.DownwardAPIVolumeSource": "defaultMode",
    "core.v1.EndpointAddress": "nodeName",
    "core.v1.EndpointPort": "appProtocol",
    "core.v1.EphemeralContainer": "restartPolicy",
    "core.v1.FCVolumeSource": "lun",
    "core.v1.FileKeySelector": "optional",
    "core.v1.GRPCAction": "service",
    "core.v1.GlusterfsPersistentVolumeSource": "endpointsNamespace",
    "core.v1.HostPathVolumeSource": "type",
    "core.v1.ISCSIPersistentVolumeSource": "initiatorName",
    "core.v1.ISCSIVolumeSource": "initiatorName",
    "core.v1.KeyToPath": "mode",
    "core.v1.Lifecycle": "stopSignal",
    "core.v1.LoadBalancerIngress": "ipMode",
    "core.v1.LocalVolumeSource": "fsType",
    "core.v1.NodeFeatures": "supplementalGroupsPolicy",
    "core.v1.NodeRuntimeHandlerFeatures": "recursiveReadOnlyMounts userNamespaces",
    "core.v1.NodeSwapStatus": "capacity",
    "core.v1.PersistentVolumeClaimSpec": "storageClassName volumeMode volumeAttributesClassName",
    "core.v1.PersistentVolumeClaimStatus": "currentVolumeAttributesClassName",
    "core.v1.PersistentVolumeSpec": "volumeMode volumeAttributesClassName",
    "core.v1.PodCertificateProjection": "maxExpirationSeconds",
    "core.v1.PodDNSConfigOption": "value",
    "core.v1.PodResourceClaim": "resourceClaimName resourceClaimTemplateName",
    "core.v1.PodResourceClaimStatus": "resourceClaimName",
    "core.v1.PodSecurityContext": (
        "runAsUser runAsGroup runAsNonRoot supplementalGroupsPolicy fsGroup "
        "fsGroupChangePolicy seLinuxChangePolicy"
    ),
    "core.v1.PodSpec": (
        "terminationGracePeriodSeconds activeDeadlineSeconds automountServiceAccountToken "
        "shareProcessNamespace priority runtimeClassName enableServiceLinks preemptionPolicy "
        "setHostnameAsFQDN hostUsers hostnameOverride"
    ),
    "core.v1.PortStatus": "error",
    "core.v1.Probe": "terminationGracePeriodSeconds",
    "core.v1.ProjectedVolumeSource": "defaultMode",
    "core.v1.ReplicationControllerSpec": "replicas",
    "core.v1.SeccompProfile": "localhostProfile",
    "core.v1.Secret": "immutable",
    "core.v1.SecretEnvSource": "optional",
    "core.v1.SecretKeySelector": "optional",
    "core.v1.SecretProjection": "optional",
    "core.v1.SecretVolumeSource": "defaultMode optional",
    "core.v1.SecurityContext": (
        "privileged runAsUser runAsGroup runAsNonRoot readOnlyRootFilesystem "
        "allowPrivilegeEscalation procMount"
    ),
    "core.v1.ServiceAccount": "automountServiceAccountToken",
    "core.v1.ServiceAccountTokenProjection": "expirationSeconds",
    "core.v1.ServicePort": "appProtocol",
    "core.v1.ServiceSpec": (
        "ipFamilyPolicy allocateLoadBalancerNodePorts loadBalancerClass internalTrafficPolicy "
        "trafficDistribution"
    ),
    "core.v1.Toleration": "tolerationSeconds",
    "core.v1.TopologySpreadConstraint": "minDomains nodeAffinityPolicy nodeTaintsPolicy",
    "core.v1.TypedLocalObjectReference": "apiGroup",
    "core.v1.TypedObjectReference": "apiGroup namespace",
    "core.v1.VolumeMount": "recursiveReadOnly mountPropagation",
    "core.v1.VolumeMountStatus": "recursiveReadOnly",
    "core.v1.WindowsSecurityContextOptions": (
        "gmsaCredentialSpecName gmsaCredentialSpec runAsUserName hostProcess"
    ),
    "discovery.v1.Endpoint": "hostname nodeName zone",
    "discovery.v1.EndpointConditions": "ready serving terminating",
    "discovery.v1.EndpointPort": "name protocol port appProtocol",
    "policy.v1.PodDisruptionBudgetSpec": "unhealthyPodEvictionPolicy",
    "resource.v1.AllocatedDeviceStatus": "shareID",
    "resource.v1.Device": "nodeName allNodes bindsToNode allowMultipleAllocations",
    "resource.v1.DeviceAttribute": "int bool string version",
    "resource.v1.DeviceClassSpec": "extendedResourceName",
    "resource.v1.DeviceConstraint": "matchAttribute distinctAttribute",
    "resource.v1.DeviceRequestAllocationResult": "adminAccess",
    "resource.v1.DeviceToleration": "tolerationSeconds",
    "resource.v1.ExactDeviceRequest": "adminAccess",
    "resource.v1.ResourceSliceSpec": "nodeName allNodes perDeviceNodeSelection",
    "storage.v1.CSIDriverSpec": (
        "attachRequired podInfoOnMount storageCapacity fsGroupPolicy requiresRepublish "
        "seLinuxMount nodeAllocatableUpdatePeriodSeconds serviceAccountTokenInSecrets"
    ),
    "storage.v1.StorageClass": "reclaimPolicy allowVolumeExpansion volumeBindingMode",
    "storage.v1.TokenRequest": "expirationSeconds",
    "storage.v1.VolumeAttachmentSource": "persistentVolumeName",
    "storage.v1.VolumeError": "errorCode",
    "storage.v1.VolumeNodeResources": "count",
    "apiextensions.v1.CustomResourceDefinitionVersion": "deprecationWarning",
    "apiextensions.v1.CustomResourceSubresourceScale": "labelSelectorPath",
    "apiextensions.v1.JSONSchemaProps": (
        "$ref maximum minimum maxLength minLength maxItems minItems multipleOf maxProperties "
        "minProperties x-kubernetes-preserve-unknown-fields x-kubernetes-list-type "
        "x-kubernetes-map-type"
    ),
    "apiextensions.v1.ServiceReference": "path port",
    "apiextensions.v1.ValidationRule": "reason optionalOldSelf",
    "apiextensions.v1.WebhookClientConfig": "url",
    # An empty list of managers asks to forget them.
    "meta.v1.ObjectMeta": "deletionGracePeriodSeconds managedFields",
    "meta.v1.OwnerReference": "controller blockOwnerDeletion",
}

# Objects that are there, empty, even if nobody wrote them; beside metadata, spec and status.
ALWAYS_PRESENT: dict[str, str] = {
    "apps.v1.DaemonSetSpec": "template updateStrategy",
    "apps.v1.DeploymentSpec": "template strategy",
    "apps.v1.ReplicaSetSpec": "template",
    "apps.v1.StatefulSetSpec": "template updateStrategy",
    "authentication.v1.SelfSubjectReviewStatus": "userInfo",
    "authentication.v1.TokenReviewStatus": "user",
    "batch.v1.JobSpec": "template",
    "core.v1.Container": "resources",
    "core.v1.ContainerStatus": "state lastState",
    "core.v1.Event": "involvedObject source",
    "core.v1.NodeDaemonEndpoints": "kubeletEndpoint",
    "core.v1.NodeStatus": "daemonEndpoints nodeInfo",
    "core.v1.PersistentVolumeClaimSpec": "resources",
    "core.v1.PersistentVolumeClaimTemplate": "metadata spec",
    "core.v1.PodTemplateSpec": "metadata spec",
    "core.v1.PreferredSchedulingTerm": "preference",
    "core.v1.ServiceStatus": "loadBalancer",
    "core.v1.WeightedPodAffinityTerm": "podAffinityTerm",
    "discovery.v1.Endpoint": "conditions",
    "events.v1.Event": "regarding deprecatedSource",
    "rbac.v1.ClusterRoleBinding": "roleRef",
    "rbac.v1.RoleBinding": "roleRef",
    "resource.v1.AllocationResult": "devices",
    "resource.v1.ResourceClaimSpec": "devices",
    "resource.v1.ResourceSliceSpec": "pool",
    "storage.v1.VolumeAttachmentSpec": "source",
    "apiextensions.v1.CustomResourceDefinitionSpec": "names",
    "apiextensions.v1.CustomResourceDefinitionStatus": "acceptedNames",
}

# Scalars that are there, zero, even if nobody wrote them; beside all that are required.
ALWAYS_ZERO: dict[str, str] = {
    "apps.v1.StatefulSetOrdinals": "start",
    "apps.v1.StatefulSetSpec": "serviceName",
    "apps.v1.StatefulSetStatus": "availableReplicas",
    "core.v1.Event": "reportingComponent reportingInstance",
    "core.v1.NodeRuntimeHandler": "name",
}

# The names of string types other than string, which errors mention.
NAMED_TYPES: dict[str, dict[str, str]] = {
    "apps.v1.DaemonSetCondition": {
        "type": "v1.DaemonSetConditionType",
        "status": "v1.ConditionStatus",
    },
    "apps.v1.DaemonSetUpdateStrategy": {"type": "v1.DaemonSetUpdateStrategyType"},
    "apps.v1.DeploymentCondition": {
        "type": "v1.DeploymentConditionType",
        "status": "v1.ConditionStatus",
    },
    "apps.v1.DeploymentStrategy": {"type": "v1.DeploymentStrategyType"},
    "apps.v1.ReplicaSetCondition": {
        "type": "v1.ReplicaSetConditionType",
        "status": "v1.ConditionStatus",
    },
    "apps.v1.StatefulSetCondition": {
        "type": "v1.StatefulSetConditionType",
        "status": "v1.ConditionStatus",
    },
    "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy": {
        "whenDeleted": "v1.PersistentVolumeClaimRetentionPolicyType",
        "whenScaled": "v1.PersistentVolumeClaimRetentionPolicyType",
    },
    "apps.v1.StatefulSetSpec": {"podManagementPolicy": "v1.PodManagementPolicyType"},
    "apps.v1.StatefulSetUpdateStrategy": {"type": "v1.StatefulSetUpdateStrategyType"},
    "batch.v1.JobCondition": {"type": "v1.JobConditionType"},
    "batch.v1.JobSpec": {
        "completionMode": "v1.CompletionMode",
        "podReplacementPolicy": "v1.PodReplacementPolicy",
    },
    "batch.v1.PodFailurePolicyOnExitCodesRequirement": {
        "operator": "v1.PodFailurePolicyOnExitCodesOperator"
    },
    "batch.v1.PodFailurePolicyRule": {"action": "v1.PodFailurePolicyAction"},
    "coordination.v1.LeaseSpec": {"strategy": "v1.CoordinatedLeaseStrategy"},
    "core.v1.AppArmorProfile": {"type": "v1.AppArmorProfileType"},
    "core.v1.AttachedVolume": {"name": "v1.UniqueVolumeName"},
    "core.v1.AzureDiskVolumeSource": {
        "cachingMode": "v1.AzureDataDiskCachingMode",
        "kind": "v1.AzureDataDiskKind",
    },
    "core.v1.Container": {
        "restartPolicy": "v1.ContainerRestartPolicy",
        "terminationMessagePolicy": "v1.TerminationMessagePolicy",
        "imagePullPolicy": "v1.PullPolicy",
    },
    "core.v1.ContainerPort": {"protocol": "v1.Protocol"},
    "core.v1.ContainerResizePolicy": {
        "resourceName": "v1.ResourceName",
        "restartPolicy": "v1.ResourceResizeRestartPolicy",
    },
    "core.v1.ContainerRestartRule": {"action": "v1.ContainerRestartRuleAction"},
    "core.v1.ContainerRestartRuleOnExitCodes": {
        "operator": "v1.ContainerRestartRuleOnExitCodesOperator"
    },
    "core.v1.ContainerStatus": {"stopSignal": "v1.Signal"},
    "core.v1.EmptyDirVolumeSource": {"medium": "v1.StorageMedium"},
    "core.v1.EndpointPort": {"protocol": "v1.Protocol"},
    "core.v1.EphemeralContainer": {
        "restartPolicy": "v1.ContainerRestartPolicy",
        "terminationMessagePolicy": "v1.TerminationMessagePolicy",
        "imagePullPolicy": "v1.PullPolicy",
    },
    "core.v1.HTTPGetAction": {"scheme": "v1.URIScheme"},
    "core.v1.HostPathVolumeSource": {"type": "v1.HostPathType"},
    "core.v1.ImageVolumeSource": {"pullPolicy": "v1.PullPolicy"},
    "core.v1.Lifecycle": {"stopSignal": "v1.Signal"},
    "core.v1.LimitRangeItem": {"type": "v1.LimitType"},
    "core.v1.LoadBalancerIngress": {"ipMode": "v1.LoadBalancerIPMode"},
    "core.v1.ModifyVolumeStatus": {"status": "v1.PersistentVolumeClaimModifyVolumeStatus"},
    "core.v1.NamespaceCondition": {
        "type": "v1.NamespaceConditionType",
        "status": "v1.ConditionStatus",
    },
    "core.v1.NamespaceStatus": {"phase": "v1.NamespacePhase"},
    "core.v1.NodeAddress": {"type": "v1.NodeAddressType"},
    "core.v1.NodeCondition": {"type": "v1.NodeConditionType", "status": "v1.ConditionStatus"},
    "core.v1.NodeSelectorRequirement": {"operator": "v1.NodeSelectorOperator"},
    "core.v1.NodeStatus": {"phase": "v1.NodePhase"},
    "core.v1.PersistentVolumeClaimCondition": {
        "type": "v1.PersistentVolumeClaimConditionType",
        "status": "v1.ConditionStatus",
    },
    "core.v1.PersistentVolumeClaimSpec": {"volumeMode": "v1.PersistentVolumeMode"},
    "core.v1.PersistentVolumeClaimStatus": {"phase": "v1.PersistentVolumeClaimPhase"},
    "core.v1.PersistentVolumeSpec": {
        "persistentVolumeReclaimPolicy": "v1.PersistentVolumeReclaimPolicy",
        "volumeMode": "v1.PersistentVolumeMode",
    },
    "core.v1.PersistentVolumeStatus": {"phase": "v1.PersistentVolumePhase"},
    "core.v1.PodCondition": {"type": "v1.PodConditionType", "status": "v1.ConditionStatus"},
    "core.v1.PodOS": {"name": "v1.OSName"},
    "core.v1.PodReadinessGate": {"conditionType": "v1.PodConditionType"},
    "core.v1.PodSecurityContext": {
        "supplementalGroupsPolicy": "v1.SupplementalGroupsPolicy",
        "fsGroupChangePolicy": "v1.PodFSGroupChangePolicy",
        "seLinuxChangePolicy": "v1.PodSELinuxChangePolicy",
    },
    "core.v1.PodSpec": {
        "restartPolicy": "v1.RestartPolicy",
        "dnsPolicy": "v1.DNSPolicy",
        "preemptionPolicy": "v1.PreemptionPolicy",
    },
    "core.v1.PodStatus": {
        "phase": "v1.PodPhase",
        "qosClass": "v1.PodQOSClass",
        "resize": "v1.PodResizeStatus",
    },
    "core.v1.PortStatus": {"protocol": "v1.Protocol"},
    "core.v1.ReplicationControllerCondition": {
        "type": "v1.ReplicationControllerConditionType",
        "status": "v1.ConditionStatus",
    },
    "core.v1.ResourceHealth": {"resourceID": "v1.ResourceID", "health": "v1.ResourceHealthStatus"},
    "core.v1.ResourceStatus": {"name": "v1.ResourceName"},
    "core.v1.ScopedResourceSelectorRequirement": {
        "scopeName": "v1.ResourceQuotaScope",
        "operator": "v1.ScopeSelectorOperator",
    },
    "core.v1.SeccompProfile": {"type": "v1.SeccompProfileType"},
    "core.v1.Secret": {"type": "v1.SecretType"},
    "core.v1.SecurityContext": {"procMount": "v1.ProcMountType"},
    "core.v1.ServicePort": {"protocol": "v1.Protocol"},
    "core.v1.ServiceSpec": {
        "type": "v1.ServiceType",
        "sessionAffinity": "v1.ServiceAffinity",
        "externalTrafficPolicy": "v1.ServiceExternalTrafficPolicy",
        "ipFamilyPolicy": "v1.IPFamilyPolicy",
        "internalTrafficPolicy": "v1.ServiceInternalTrafficPolicy",
    },
    "core.v1.Taint": {"effect": "v1.TaintEffect"},
    "core.v1.Toleration": {"operator": "v1.TolerationOperator", "effect": "v1.TaintEffect"},
    "core.v1.TopologySpreadConstraint": {
        "whenUnsatisfiable": "v1.UnsatisfiableConstraintAction",
        "nodeAffinityPolicy": "v1.NodeInclusionPolicy",
        "nodeTaintsPolicy": "v1.NodeInclusionPolicy",
    },
    "core.v1.VolumeMount": {
        "recursiveReadOnly": "v1.RecursiveReadOnlyMode",
        "mountPropagation": "v1.MountPropagationMode",
    },
    "core.v1.VolumeMountStatus": {"recursiveReadOnly": "v1.RecursiveReadOnlyMode"},
    "discovery.v1.EndpointPort": {"protocol": "v1.Protocol"},
    "discovery.v1.EndpointSlice": {"addressType": "v1.AddressType"},
    "policy.v1.PodDisruptionBudgetSpec": {
        "unhealthyPodEvictionPolicy": "v1.UnhealthyPodEvictionPolicyType"
    },
    "resource.v1.DeviceAllocationConfiguration": {"source": "v1.AllocationConfigSource"},
    "resource.v1.DeviceConstraint": {
        "matchAttribute": "v1.FullyQualifiedName",
        "distinctAttribute": "v1.FullyQualifiedName",
    },
    "resource.v1.DeviceSubRequest": {"allocationMode": "v1.DeviceAllocationMode"},
    "resource.v1.DeviceTaint": {"effect": "v1.DeviceTaintEffect"},
    "resource.v1.DeviceToleration": {
        "operator": "v1.DeviceTolerationOperator",
        "effect": "v1.DeviceTaintEffect",
    },
    "resource.v1.ExactDeviceRequest": {"allocationMode": "v1.DeviceAllocationMode"},
    "storage.v1.CSIDriverSpec": {"fsGroupPolicy": "v1.FSGroupPolicy"},
    "storage.v1.StorageClass": {
        "reclaimPolicy": "v1.PersistentVolumeReclaimPolicy",
        "volumeBindingMode": "v1.VolumeBindingMode",
    },
    "apiextensions.v1.CustomResourceConversion": {"strategy": "v1.ConversionStrategyType"},
    "apiextensions.v1.CustomResourceDefinitionCondition": {
        "type": "v1.CustomResourceDefinitionConditionType",
        "status": "v1.ConditionStatus",
    },
    "apiextensions.v1.CustomResourceDefinitionSpec": {"scope": "v1.ResourceScope"},
    "apiextensions.v1.JSONSchemaProps": {"$schema": "v1.JSONSchemaURL"},
    "apiextensions.v1.ValidationRule": {"reason": "v1.FieldValueErrorReason"},
    "meta.v1.Condition": {"status": "v1.ConditionStatus"},
    "meta.v1.FieldSelectorRequirement": {"operator": "v1.FieldSelectorOperator"},
    "meta.v1.LabelSelectorRequirement": {"operator": "v1.LabelSelectorOperator"},
    "meta.v1.ManagedFieldsEntry": {"operation": "v1.ManagedFieldsOperationType"},
}
