using System.Globalization;
using System.Text;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>
/// The way from the root to a value. Each step holds its own name or index alone and becomes text when somebody asks: the text of every
/// value's path would be
/// as long as its depth times its names.
/// </summary>
internal sealed class JsonPath
{
    private readonly JsonPath? _outer;
    private readonly string? _name;
    private readonly int _number;

    private JsonPath(JsonPath? outer, string? name, int number) => (_outer, _name, _number) = (outer, name, number);

    /// <summary>The whole document.</summary>
    public static JsonPath Root { get; } = new(null, "$", 0);

    /// <summary>A property, by its name.</summary>
    public JsonPath Property(string name) => new(this, name, 0);

    /// <summary>A property whose name is not shown, by its place among the others, from 1.</summary>
    public JsonPath Property(int number) => new(this, "", number);

    /// <summary>An element, from 0.</summary>
    public JsonPath Element(int index) => new(this, null, index);

    /// <summary><c>$.records[0].dgi</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        Write(text);
        return text.ToString();
    }

    /// <summary>Calls itself as deep as JSON nests, <see cref="LocatedJson.MaxDepth"/>.</summary>
    private void Write(StringBuilder text)
    {
        _outer?.Write(text);
        if (_outer is null) text.Append(_name);
        else if (_name is null) text.Append(CultureInfo.InvariantCulture, $"[{_number}]");
        else if (_name.Length == 0) text.Append(CultureInfo.InvariantCulture, $"[property {_number}]");
        else text.Append('.').Append(_name);
    }
}
