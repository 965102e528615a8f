package main

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/apps"
	"k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// What the restricted Pod Security Standard refuses in the pods that an object describes.
func restricted(object runtime.Object) []string {
	var template core.PodTemplateSpec
	switch described := object.(type) {
	case *apps.DaemonSet:
		template = described.Spec.Template
	case *apps.Deployment:
		template = described.Spec.Template
	case *apps.StatefulSet:
		template = described.Spec.Template
	case *core.Pod:
		template = core.PodTemplateSpec{ObjectMeta: described.ObjectMeta, Spec: described.Spec}
	default:
		return nil
	}
	var pod corev1.PodTemplateSpec
	if err := legacyscheme.Scheme.Convert(&template, &pod, nil); err != nil {
		return []string{err.Error()}
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return []string{err.Error()}
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec))
	if result.Allowed {
		return nil
	}
	return []string{"pod security: " + result.ForbiddenDetail()}
}
