namespace CardIssue.Core.Cards.Products;

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
    private readonly List<LocatedNode> _items = [];
    private readonly List<LocatedProperty> _properties = [];

    public JsonKind Kind { get; } = kind;

    public JsonPlace Place { get; } = place;

    /// <summary>A string's characters, a number's digits as written, <c>true</c> or <c>false</c>.</summary>
    public string Text { get; } = text;

    /// <summary>An array's elements.</summary>
    public IReadOnlyList<LocatedNode> Items => _items;

    /// <summary>An object's properties, each name once.</summary>
    public IReadOnlyList<LocatedProperty> Properties => _properties;

    public LocatedProperty? Find(string name) => _properties.Find(property => property.Name == name);

    internal void Add(LocatedNode item) => _items.Add(item);

    internal void Add(LocatedProperty property) => _properties.Add(property);
}

/// <summary>A property of an object, and where its name stands.</summary>
internal sealed record LocatedProperty(string Name, JsonPlace Place, LocatedNode Value);
