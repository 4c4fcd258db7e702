namespace CardIssue.Core.Cards.Products.Json;

/// <summary>The kinds of JSON values.</summary>
internal enum JsonKind
{
    Object,
    Array,
    String,
    Number,
    Boolean,
    Null,
}

/// <summary>A JSON value that knows where it stands.</summary>
internal sealed class LocatedNode(JsonKind kind, JsonPlace place, string text = "")
{
    /// <summary>From how many properties on they are found by a table.</summary>
    private const int ManyProperties = 12;

    private List<LocatedNode>? _items;
    private List<LocatedProperty>? _properties;
    private Dictionary<string, LocatedProperty>? _byName;

    public JsonKind Kind { get; } = kind;

    public JsonPlace Place { get; } = place;

    /// <summary>A string's characters, a number's digits as written, <c>true</c> or <c>false</c>.</summary>
    public string Text { get; } = text;

    /// <summary>An array's elements.</summary>
    public IReadOnlyList<LocatedNode> Items => (IReadOnlyList<LocatedNode>?)_items ?? [];

    /// <summary>An object's properties, each name once.</summary>
    public IReadOnlyList<LocatedProperty> Properties => (IReadOnlyList<LocatedProperty>?)_properties ?? [];

    public LocatedProperty? Find(string name)
    {
        if (_byName is not null) return _byName.GetValueOrDefault(name);
        return _properties?.Find(property => property.Name == name);
    }

    internal void Add(LocatedNode item) => (_items ??= []).Add(item);

    /// <summary>Adds a property whose name is not there yet.</summary>
    internal void Add(LocatedProperty property)
    {
        (_properties ??= []).Add(property);
        if (_byName is null && _properties.Count == ManyProperties) _byName = _properties.ToDictionary(p => p.Name, StringComparer.Ordinal);
        else _byName?.Add(property.Name, property);
    }
}

/// <summary>A property of an object, and where its name stands.</summary>
internal sealed record LocatedProperty(string Name, JsonPlace Place, LocatedNode Value);
