namespace CardIssue.Center.Storage;

/// <summary>
/// The conditions of a list. Only those that are asked for stand in the statement: an index is used for what stands there, and for nothing that
/// may be left out by a parameter.
/// </summary>
internal sealed class RowFilter
{
    private readonly List<string> _terms = [];
    private readonly List<(string Name, object? Value)> _values = [];

    /// <summary>What follows WHERE; true for every row where nothing is asked for.</summary>
    public string Where => _terms.Count == 0 ? "1 = 1" : string.Join(" AND ", _terms);

    /// <summary>The parameters' values.</summary>
    public (string Name, object? Value)[] Values => [.. _values];

    /// <summary>Asks for something, where there is a value to compare with.</summary>
    /// <param name="term">The condition, with one parameter.</param>
    /// <param name="name">The parameter.</param>
    /// <param name="value">Its value; null asks for nothing.</param>
    public RowFilter And(string term, string name, object? value)
    {
        if (value is null) return this;
        _terms.Add($"({term})");
        _values.Add((name, value));
        return this;
    }

    /// <summary>Asks for rows behind a place of several columns, where there is one.</summary>
    public RowFilter After(string columns, params ReadOnlySpan<(string Name, object? Value)> place)
    {
        if (place.Length == 0) return this;
        _terms.Add($"({columns}) > ({string.Join(", ", place.ToArray().Select(part => part.Name))})");
        _values.AddRange(place);
        return this;
    }
}
