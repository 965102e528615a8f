// Command kubernetes-check says of every object in YAML files what an API server would refuse, warn of or ignore:
// it runs the server's own code. Prints one JSON array.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log"
	"os"

	"k8s.io/apimachinery/pkg/util/yaml"
)

// Report is of one object. Problems is empty for one that is accepted as it stands.
type Report struct {
	File     string   `json:"file"`
	Kind     string   `json:"kind"`
	Name     string   `json:"name"`
	Problems []string `json:"problems"`
}

func main() {
	log.SetFlags(0)
	definitions := flag.String("crds", "", "folder of CustomResourceDefinitions")
	flag.Parse()
	custom, err := readDefinitions(*definitions)
	if err != nil {
		log.Fatal(err)
	}
	reports := []Report{}
	for _, file := range flag.Args() {
		documents, err := split(file)
		if err != nil {
			log.Fatal(err)
		}
		for _, document := range documents {
			report := check(document, custom)
			report.File = file
			reports = append(reports, report)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(reports); err != nil {
		log.Fatal(err)
	}
}

func split(file string) ([][]byte, error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	reader := yaml.NewYAMLReader(bufio.NewReader(opened))
	var documents [][]byte
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		var content any
		// Nothing but comments is no object.
		if yaml.Unmarshal(document, &content) == nil && content == nil {
			continue
		}
		documents = append(documents, document)
	}
}

func check(document []byte, custom definitions) Report {
	var header struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	if err := yaml.Unmarshal(document, &header); err != nil {
		return Report{Problems: []string{err.Error()}}
	}
	report := Report{Kind: header.Kind, Name: header.Metadata.Name}
	if definition, found := custom[header.APIVersion+" "+header.Kind]; found {
		report.Problems = definition.check(document)
	} else {
		report.Problems = checkBuiltIn(document)
	}
	return report
}
