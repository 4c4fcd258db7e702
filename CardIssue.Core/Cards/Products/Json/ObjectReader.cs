namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Takes the properties of one object, and at the end calls out those that nobody took.</summary>
internal sealed class ObjectReader
{
    private readonly LocatedNode _node;
    private readonly JsonMistakes _mistakes;
    private readonly List<string> _known = [], _refused = [];

    private ObjectReader(LocatedNode node, JsonMistakes mistakes) => (_node, _mistakes) = (node, mistakes);

    public JsonPlace Place => _node.Place;

    /// <summary>A reader of <paramref name="node"/>, or null when it is no object, which is a mistake.</summary>
    public static ObjectReader? Of(LocatedNode node, JsonMistakes mistakes)
    {
        if (node.Kind == JsonKind.Object) return new ObjectReader(node, mistakes);
        node.WrongKind("An object", mistakes);
        return null;
    }

    /// <summary>A property that need not be there.</summary>
    public LocatedNode? Optional(string name)
    {
        _known.Add(name);
        return _node.Find(name)?.Value;
    }

    /// <summary>A property that must be there: its lack is a mistake of the object.</summary>
    public LocatedNode? Required(string name)
    {
        var value = Optional(name);
        if (value is null) _mistakes.Add(Place, $"The property \"{name}\" is missing.");
        return value;
    }

    /// <summary>The one of <paramref name="names"/> that is there; none or several are a mistake.</summary>
    public LocatedProperty? OneOf(params ReadOnlySpan<string> names)
    {
        LocatedProperty? found = null;
        foreach (var name in names)
        {
            _known.Add(name);
            if (_node.Find(name) is not { } property) continue;
            if (found is null) found = property;
            else _mistakes.Add(property.Place, $"\"{name}\" and \"{found.Name}\" exclude each other.");
        }
        if (found is null) _mistakes.Add(Place, $"One of \"{string.Join("\", \"", names)}\" is missing.");
        return found;
    }

    /// <summary>A property that may not be there, for a reason of its own.</summary>
    public void Refuse(string name, string reason)
    {
        if (_node.Find(name) is not { } property) return;
        _refused.Add(name);
        _mistakes.Add(property.Place, reason);
    }

    public bool Has(string name) => _node.Find(name) is not null;

    /// <summary>Ends the reading: every property that was not asked for is a mistake.</summary>
    public void Done()
    {
        foreach (var property in _node.Properties)
            if (!_known.Contains(property.Name) && !_refused.Contains(property.Name))
                _mistakes.Add(property.Place, $"The property {JsonMistakes.Shown(property.Name)} is not known; known here: {string.Join(", ", _known)}.");
    }
}
