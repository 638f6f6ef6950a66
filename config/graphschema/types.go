package graphschema

// The resources of Microsoft Graph's synchronization API that make up a schema,
// each with the members that Import reads or Export writes, in the order in
// which Export writes them.

type schema struct {
	ID          string                `json:"id"`
	Version     string                `json:"version"`
	Rules       []rule                `json:"synchronizationRules"`
	Directories []directoryDefinition `json:"directories"`
}

// rule is a synchronizationRule.
type rule struct {
	ID              string           `json:"id"`
	Name            string           `json:"name"`
	Editable        bool             `json:"editable"`
	Priority        int              `json:"priority"`
	SourceDirectory string           `json:"sourceDirectoryName"`
	TargetDirectory string           `json:"targetDirectoryName"`
	ContainerFilter *containerFilter `json:"containerFilter"`
	GroupFilter     *groupFilter     `json:"groupFilter"`
	Metadata        []entry          `json:"metadata"`
	ObjectMappings  []objectMapping  `json:"objectMappings"`
}

type containerFilter struct {
	Included []string `json:"includedContainers"`
}

type groupFilter struct {
	Included []string `json:"includedGroups"`
}

// entry is one entry of metadata.
type entry struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type objectMapping struct {
	Enabled      bool               `json:"enabled"`
	FlowTypes    string             `json:"flowTypes"`
	Name         string             `json:"name"`
	Scope        *filter            `json:"scope"`
	SourceObject string             `json:"sourceObjectName"`
	TargetObject string             `json:"targetObjectName"`
	Attributes   []attributeMapping `json:"attributeMappings"`
	Metadata     []entry            `json:"metadata"`
}

type filter struct {
	Groups         []filterGroup `json:"groups"`
	InputGroups    []filterGroup `json:"inputFilterGroups"`
	CategoryGroups []filterGroup `json:"categoryFilterGroups"`
}

type filterGroup struct {
	Name    string   `json:"name"`
	Clauses []clause `json:"clauses"`
}

type clause struct {
	Operator string   `json:"operatorName"`
	Source   string   `json:"sourceOperandName"`
	Target   *operand `json:"targetOperand"`
}

type operand struct {
	Values []string `json:"values"`
}

type attributeMapping struct {
	Default                 *string `json:"defaultValue"`
	ExportMissingReferences bool    `json:"exportMissingReferences"`
	FlowBehavior            string  `json:"flowBehavior"`
	FlowType                string  `json:"flowType"`
	MatchingPriority        int     `json:"matchingPriority"`
	Target                  string  `json:"targetAttributeName"`
	Source                  *source `json:"source"`
}

// source is an attributeMappingSource: an attribute, a constant or a call, whose
// arguments are sources again.
type source struct {
	Expression string      `json:"expression"`
	Name       string      `json:"name"`
	Type       string      `json:"type"`
	Parameters []parameter `json:"parameters"`
}

type parameter struct {
	Key   string  `json:"key"`
	Value *source `json:"value"`
}

// The values of attributeMappingSource.type.
const (
	typeAttribute = "Attribute"
	typeConstant  = "Constant"
	typeFunction  = "Function"
)

// The values of attributeMapping.flowType and flowBehavior that a job file
// knows.
const (
	flowAlways      = "Always"
	flowOnCreate    = "ObjectAddOnly"
	flowWhenChanged = "FlowWhenChanged"
)

// directoryDefinition describes the objects of one side.
type directoryDefinition struct {
	ID                string             `json:"id"`
	Name              string             `json:"name"`
	ReadOnly          bool               `json:"readOnly"`
	Version           string             `json:"version"`
	Discoverabilities string             `json:"discoverabilities"`
	DiscoveryTime     *string            `json:"discoveryDateTime"`
	Objects           []objectDefinition `json:"objects"`
}

type objectDefinition struct {
	Name          string                `json:"name"`
	SupportedAPIs []string              `json:"supportedApis"`
	Metadata      []entry               `json:"metadata"`
	Attributes    []attributeDefinition `json:"attributes"`
}

type attributeDefinition struct {
	Name              string             `json:"name"`
	Type              string             `json:"type"`
	Anchor            bool               `json:"anchor"`
	CaseExact         bool               `json:"caseExact"`
	Multivalued       bool               `json:"multivalued"`
	Required          bool               `json:"required"`
	Mutability        string             `json:"mutability"`
	FlowNullValues    bool               `json:"flowNullValues"`
	Default           *string            `json:"defaultValue"`
	APIExpressions    []entry            `json:"apiExpressions"`
	Metadata          []entry            `json:"metadata"`
	ReferencedObjects []referencedObject `json:"referencedObjects"`
}

type referencedObject struct {
	Name     string  `json:"referencedObjectName"`
	Property *string `json:"referencedProperty"`
}
