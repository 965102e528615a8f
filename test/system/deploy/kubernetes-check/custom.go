package main

import (
	"context"
	"os"
	"path/filepath"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	apicel "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

type definitions map[string]definition

// One version of a kind that is not built in.
type definition struct {
	schema    *structural.Structural
	validator validation.SchemaValidator
	rules     *cel.Validator
}

func readDefinitions(folder string) (definitions, error) {
	found := definitions{}
	if folder == "" {
		return found, nil
	}
	scheme := runtime.NewScheme()
	install.Install(scheme)
	decoder := serializer.NewCodecFactory(scheme).UniversalDecoder(apiextensions.SchemeGroupVersion)
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		crd := &apiextensions.CustomResourceDefinition{}
		if err := runtime.DecodeInto(decoder, content, crd); err != nil {
			return nil, err
		}
		for _, version := range crd.Spec.Versions {
			read, err := define(crd, version.Name)
			if err != nil {
				return nil, err
			}
			found[crd.Spec.Group+"/"+version.Name+" "+crd.Spec.Names.Kind] = read
		}
	}
	return found, nil
}

func define(crd *apiextensions.CustomResourceDefinition, version string) (definition, error) {
	described, err := apiextensions.GetSchemaForVersion(crd, version)
	if err != nil {
		return definition{}, err
	}
	schema, err := structural.NewStructural(described.OpenAPIV3Schema)
	if err != nil {
		return definition{}, err
	}
	validator, _, err := validation.NewSchemaValidator(described.OpenAPIV3Schema)
	return definition{schema, validator, cel.NewValidator(schema, true, apicel.PerCallLimit)}, err
}

func (d definition) check(document []byte) []string {
	var object map[string]any
	if err := yaml.UnmarshalStrict(document, &object); err != nil {
		return []string{err.Error()}
	}
	problems := []string{}
	track := structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	for _, path := range pruning.PruneWithOptions(object, d.schema, true, track) {
		problems = append(problems, "unknown field "+path)
	}
	defaulting.Default(object, d.schema)
	errs := validation.ValidateCustomResource(nil, object, d.validator)
	if d.rules != nil && len(errs) == 0 {
		broken, _ := d.rules.Validate(context.Background(), nil, d.schema, object, nil, apicel.RuntimeCELCostBudget)
		errs = append(errs, broken...)
	}
	for _, each := range errs {
		problems = append(problems, each.Error())
	}
	return problems
}
