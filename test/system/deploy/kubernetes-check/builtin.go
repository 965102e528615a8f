package main

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler"
	"k8s.io/kubernetes/pkg/registry/core/configmap"
	"k8s.io/kubernetes/pkg/registry/core/namespace"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/secret"
	"k8s.io/kubernetes/pkg/registry/core/service"
	"k8s.io/kubernetes/pkg/registry/core/serviceaccount"
	"k8s.io/kubernetes/pkg/registry/networking/ingress"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget"
)

var strategies = map[string]rest.RESTCreateStrategy{
	"apps/v1 DaemonSet":                      daemonset.Strategy,
	"apps/v1 Deployment":                     deployment.Strategy,
	"apps/v1 StatefulSet":                    statefulset.Strategy,
	"autoscaling/v2 HorizontalPodAutoscaler": horizontalpodautoscaler.Strategy,
	"v1 ConfigMap":                           configmap.Strategy,
	"v1 Namespace":                           namespace.Strategy,
	"v1 Pod":                                 pod.Strategy,
	"v1 Secret":                              secret.Strategy,
	"v1 Service":                             service.Strategy,
	"v1 ServiceAccount":                      serviceaccount.Strategy,
	"networking.k8s.io/v1 Ingress":           ingress.Strategy,
	"networking.k8s.io/v1 NetworkPolicy":     networkpolicy.Strategy,
	"policy/v1 PodDisruptionBudget":          poddisruptionbudget.Strategy,
}

var decoder = serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict).UniversalDecoder()

// Warnings are problems here: what a server only warns of is no example to give.
type warnings struct{ texts []string }

func (w *warnings) AddWarning(_, text string) { w.texts = append(w.texts, "warning: "+text) }

func checkBuiltIn(document []byte) []string {
	object, version, err := decoder.Decode(document, nil, nil)
	if err != nil {
		return []string{err.Error()}
	}
	strategy, found := strategies[key(*version)]
	if !found {
		return []string{fmt.Sprintf("no check for %s", key(*version))}
	}
	problems := []string{}
	noted := &warnings{}
	if err := create(strategy, object, *version, noted); err != nil {
		problems = append(problems, err.Error())
	}
	problems = append(problems, noted.texts...)
	return append(problems, restricted(object)...)
}

func key(version schema.GroupVersionKind) string {
	return version.GroupVersion().String() + " " + version.Kind
}

func create(strategy rest.RESTCreateStrategy, object runtime.Object, version schema.GroupVersionKind, noted *warnings) error {
	metadata, err := meta.Accessor(object)
	if err != nil {
		return err
	}
	ctx := warning.WithWarningRecorder(context.Background(), noted)
	ctx = request.WithRequestInfo(ctx, &request.RequestInfo{APIGroup: version.Group, APIVersion: version.Version})
	ctx = request.WithNamespace(ctx, "")
	if strategy.NamespaceScoped() {
		namespace := metadata.GetNamespace()
		if namespace == "" {
			namespace = "default"
		}
		ctx = request.WithNamespace(ctx, namespace)
	}
	rest.FillObjectMetaSystemFields(metadata)
	allot(object)
	return rest.BeforeCreate(strategy, ctx, object)
}

// What a server gives to a Service before it looks at it.
func allot(object runtime.Object) {
	service, isService := object.(*core.Service)
	if !isService {
		return
	}
	spec := &service.Spec
	if spec.ClusterIP != "" && len(spec.ClusterIPs) == 0 {
		spec.ClusterIPs = []string{spec.ClusterIP}
	}
	if spec.Type == core.ServiceTypeLoadBalancer && spec.ExternalTrafficPolicy == core.ServiceExternalTrafficPolicyLocal && spec.HealthCheckNodePort == 0 {
		spec.HealthCheckNodePort = 30000
	}
}
