package inventory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// key names an object of NetBox: its model, such as dcim.device, and its number.
type key struct {
	model string
	id    int64
}

// The models that are read. The API calls them by the names at the right.
const (
	aRegion      = "dcim.region"
	aSite        = "dcim.site"
	aLocation    = "dcim.location"
	aRack        = "dcim.rack"
	aDevice      = "dcim.device"
	aDeviceRole  = "dcim.devicerole"
	aDeviceType  = "dcim.devicetype"
	aChassis     = "dcim.virtualchassis"
	aDeviceBay   = "dcim.devicebay"
	aCable       = "dcim.cable"
	aTermination = "dcim.cabletermination"
	anInterface  = "dcim.interface"
	aFrontPort   = "dcim.frontport"
	aRearPort    = "dcim.rearport"
	aPowerPanel  = "dcim.powerpanel"
	aPowerFeed   = "dcim.powerfeed"
	aPowerPort   = "dcim.powerport"
	aPowerOutlet = "dcim.poweroutlet"
	aMachine     = "virtualization.virtualmachine"
	aCluster     = "virtualization.cluster"
	aTenant      = "tenancy.tenant"
	aProvider    = "circuits.provider"
	aCircuit     = "circuits.circuit"
	aCircuitType = "circuits.circuittype"
	aCircuitEnd  = "circuits.circuittermination"
	anAddress    = "ipam.ipaddress"
	aFHRPGroup   = "ipam.fhrpgroup"
	anFHRPMember = "ipam.fhrpgroupassignment"
	aContact     = "tenancy.contact"
	aContactRole = "tenancy.contactrole"
	aContactFor  = "tenancy.contactassignment"
	aContentType = "contenttypes.contenttype"
)

// apiModels are the models by the path of their list in the API.
var apiModels = map[string]string{
	"dcim/regions": aRegion, "dcim/sites": aSite, "dcim/locations": aLocation, "dcim/racks": aRack,
	"dcim/devices": aDevice, "dcim/device-roles": aDeviceRole, "dcim/device-types": aDeviceType,
	"dcim/virtual-chassis": aChassis, "dcim/device-bays": aDeviceBay,
	"dcim/cables": aCable, "dcim/cable-terminations": aTermination, "dcim/interfaces": anInterface,
	"dcim/front-ports": aFrontPort, "dcim/rear-ports": aRearPort,
	"dcim/power-panels": aPowerPanel, "dcim/power-feeds": aPowerFeed, "dcim/power-ports": aPowerPort, "dcim/power-outlets": aPowerOutlet,
	"virtualization/virtual-machines": aMachine, "virtualization/clusters": aCluster,
	"tenancy/tenants": aTenant, "tenancy/contacts": aContact, "tenancy/contact-roles": aContactRole, "tenancy/contact-assignments": aContactFor,
	"circuits/providers": aProvider, "circuits/circuits": aCircuit, "circuits/circuit-types": aCircuitType, "circuits/circuit-terminations": aCircuitEnd,
	"ipam/ip-addresses": anAddress, "ipam/fhrp-groups": aFHRPGroup, "ipam/fhrp-group-assignments": anFHRPMember,
}

// taken are the models that are read; the others are passed over.
var taken = func() map[string]bool {
	all := map[string]bool{aContentType: true}
	for _, model := range apiModels {
		all[model] = true
	}
	return all
}()

// object is what is read of one object: the fields of all models together, by the
// names that the dump and the API have in common.
type object struct {
	key
	Name            word  `json:"name"`
	Slug            word  `json:"slug"`
	Model           word  `json:"model"` // of a device type, or of a content type
	App             word  `json:"app_label"`
	CID             word  `json:"cid"`
	Address         word  `json:"address"`
	Email           word  `json:"email"`
	Phone           word  `json:"phone"`
	Status          word  `json:"status"`
	Side            word  `json:"term_side"`
	Priority        word  `json:"priority"`
	Parent          link  `json:"parent"`
	Region          link  `json:"region"`
	Site            link  `json:"site"`
	CachedSite      link  `json:"_site"` // where the place is written as a scope, since 4.2
	ScopeType       typed `json:"scope_type"`
	Scope           link  `json:"scope_id"`
	Location        link  `json:"location"`
	Rack            link  `json:"rack"`
	Tenant          link  `json:"tenant"`
	Role            link  `json:"role"`
	DeviceRole      link  `json:"device_role"` // until 3.5
	DeviceType      link  `json:"device_type"`
	Type            link  `json:"type"`
	Cluster         link  `json:"cluster"`
	Chassis         link  `json:"virtual_chassis"`
	Position        count `json:"vc_position"`
	IP4             link  `json:"primary_ip4"`
	IP6             link  `json:"primary_ip6"`
	Device          link  `json:"device"`
	Installed       link  `json:"installed_device"`
	Panel           link  `json:"power_panel"`
	PowerPort       link  `json:"power_port"`
	LAG             link  `json:"lag"`
	Management      bool  `json:"mgmt_only"`
	RearPort        link  `json:"rear_port"`
	RearPosition    count `json:"rear_port_position"`
	Positions       count `json:"positions"`
	Provider        link  `json:"provider"`
	Circuit         link  `json:"circuit"`
	ProviderNetwork link  `json:"provider_network"`
	Contact         link  `json:"contact"`
	Group           link  `json:"group"`

	// What refers to an object of any model.
	ContentType   typed `json:"content_type"`
	ObjectType    typed `json:"object_type"`
	Object        link  `json:"object_id"`
	InterfaceType typed `json:"interface_type"`
	Interface     link  `json:"interface_id"`

	Cable    link  `json:"cable"`
	CableEnd word  `json:"cable_end"`
	EndType  typed `json:"termination_type"`
	End      link  `json:"termination_id"`
	AEnds    []far `json:"a_terminations"`
	BEnds    []far `json:"b_terminations"`
}

// far is an end of a cable as the API shows it.
type far struct {
	Type typed `json:"object_type"`
	ID   link  `json:"object_id"`
}

// word is text: a string, or {"value": ...} as the API writes what is chosen from a list.
type word string

// UnmarshalJSON reads it. What is neither is passed over: fields of the same name
// hold other things in other models.
func (w *word) UnmarshalJSON(b []byte) error {
	var choice struct {
		Value *string `json:"value"`
	}
	var s string
	switch {
	case json.Unmarshal(b, &s) == nil:
		*w = word(s)
	case json.Unmarshal(b, &choice) == nil && choice.Value != nil:
		*w = word(*choice.Value)
	}
	return nil
}

// link is the number of another object, 0 for none: a number, or an object with
// its id as the API nests them.
type link int64

// UnmarshalJSON reads it, and passes over what is neither.
func (l *link) UnmarshalJSON(b []byte) error {
	var nested struct {
		ID int64 `json:"id"`
	}
	if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		*l = link(n)
	} else if json.Unmarshal(b, &nested) == nil {
		*l = link(nested.ID)
	}
	return nil
}

// count is a number, 0 for none.
type count int

// UnmarshalJSON reads it, and passes over what is not a number.
func (c *count) UnmarshalJSON(b []byte) error {
	if n, err := strconv.Atoi(string(b)); err == nil {
		*c = count(n)
	}
	return nil
}

// typed is the model that a reference to any model leads to: ["dcim", "interface"],
// "dcim.interface", or the number of a content type, which is kept as #number.
type typed string

// UnmarshalJSON reads it, and passes over what is none of these.
func (t *typed) UnmarshalJSON(b []byte) error {
	var natural []string
	var s string
	switch {
	case json.Unmarshal(b, &natural) == nil && len(natural) == 2:
		*t = typed(natural[0] + "." + natural[1])
	case json.Unmarshal(b, &s) == nil:
		*t = typed(s)
	default:
		if _, err := strconv.ParseInt(string(b), 10, 64); err == nil {
			*t = typed("#" + string(b))
		}
	}
	return nil
}

// envelope is an element of a dump, an answer of the API, or an element of one.
type envelope struct {
	Model   string            `json:"model"`
	PK      json.RawMessage   `json:"pk"`
	Fields  json.RawMessage   `json:"fields"`
	ID      int64             `json:"id"`
	URL     string            `json:"url"`
	Results []json.RawMessage `json:"results"`
}

// open returns the object in one element, or nil for one of a model that is not read.
func (e envelope) open(whole []byte) (*object, error) {
	o := &object{}
	switch {
	case e.Fields != nil:
		id, err := strconv.ParseInt(string(bytes.TrimSpace(e.PK)), 10, 64)
		o.key = key{e.Model, id}
		if !taken[e.Model] || (err != nil && e.Model == aContentType) {
			return nil, nil //nolint:nilnil // it is none of ours, which is no error
		}
		if err != nil {
			return nil, fmt.Errorf("the %s has the number %q; expected a whole number", e.Model, e.PK)
		}
		whole = e.Fields
	case e.URL != "":
		o.key = key{modelOf(e.URL), e.ID}
		if o.model == "" {
			return nil, nil //nolint:nilnil // it is none of ours, which is no error
		}
	default:
		return nil, fmt.Errorf("it has neither model and fields, as a dump has, nor id and url, as an answer of the API has")
	}
	if err := json.Unmarshal(whole, o); err != nil {
		return nil, fmt.Errorf("%s %d: %w", o.model, o.id, err)
	}
	return o, nil
}

// modelOf finds the model in the address of an object: .../api/dcim/devices/7/.
func modelOf(url string) string {
	_, path, ok := strings.Cut(url, "/api/")
	parts := strings.Split(path, "/")
	if !ok || len(parts) < 3 {
		return ""
	}
	return apiModels[parts[0]+"/"+parts[1]]
}
