namespace CardIssue.Test.Architecture;

/// <summary>A circle of folders that use each other.</summary>
/// <param name="Folders">In the order of use; the last uses the first.</param>
/// <param name="Uses">For each step of it, what makes it.</param>
internal sealed record FolderCircle(IReadOnlyList<string> Folders, IReadOnlyList<IReadOnlyList<FolderUse>> Uses)
{
    private const int Shown = 5;

    public override string ToString()
    {
        var path = string.Join(" → ", Folders.Append(Folders[0]));
        return string.Join('\n', Uses.SelectMany(step => step.Take(Shown).Select(use => $"  {use}")).Prepend(path));
    }
}

/// <summary>
/// The folders of an assembly as layers. The rule, at every folder: its sub-folders, each taken whole with all that lies in it, and the folder's
/// own files taken together, use each other in no circle. So a folder's own files stand either above or below each of its sub-folders.
/// </summary>
internal sealed class FolderGraph(IReadOnlyCollection<string> folders, IReadOnlyCollection<FolderUse> uses)
{
    private readonly Dictionary<string, ILookup<string, (string To, FolderUse Use)>> _usesOf = [];

    /// <summary>The folders that have layers in them: the assembly's own, and each that has sub-folders.</summary>
    public IEnumerable<string> Levels => folders.SelectMany(Above).Append("").Distinct().Order(StringComparer.Ordinal);

    /// <summary>What lies in a folder, as layers: each sub-folder, and the folder itself for its own files, where it has any.</summary>
    public IReadOnlyList<string> LayersOf(string level) =>
        [.. folders.Select(folder => LayerAt(level, folder)).OfType<string>().Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The layers of a folder that one of them uses.</summary>
    public IReadOnlyList<string> UsedBy(string level, string layer) =>
        [.. At(level)[layer].Select(use => use.To).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The same, with what these use, and so on.</summary>
    public IReadOnlySet<string> ReachedBy(string level, string layer)
    {
        var reached = new HashSet<string>();
        var next = new Queue<string>([layer]);
        while (next.TryDequeue(out var one))
            foreach (var used in UsedBy(level, one))
                if (reached.Add(used)) next.Enqueue(used);
        return reached;
    }

    /// <summary>The shortest circle; null when there is none.</summary>
    public FolderCircle? Circle() =>
        Levels.SelectMany(level => LayersOf(level).Select(layer => Circle(level, layer))).OfType<FolderCircle>().MinBy(circle => circle.Folders.Count);

    private FolderCircle? Circle(string level, string start)
    {
        var reached = new Dictionary<string, string>();
        var next = new Queue<string>([start]);
        while (next.TryDequeue(out var layer))
            foreach (var to in UsedBy(level, layer))
            {
                if (!reached.TryAdd(to, layer)) continue;
                if (to == start) return Circle(level, start, reached);
                next.Enqueue(to);
            }
        return null;
    }

    private FolderCircle Circle(string level, string start, Dictionary<string, string> reached)
    {
        var path = new List<string> { start };
        for (var layer = reached[start]; layer != start; layer = reached[layer]) path.Insert(1, layer);
        var steps = path.Zip(path.Skip(1).Append(start), (from, to) => At(level)[from].Where(use => use.To == to));
        return new FolderCircle([.. path.Select(layer => Name(level, layer))], [.. steps.Select(step => step.Select(use => use.Use).ToArray())]);
    }

    /// <summary>The uses between the layers of a level, by the layer that uses.</summary>
    private ILookup<string, (string To, FolderUse Use)> At(string level)
    {
        if (_usesOf.TryGetValue(level, out var known)) return known;
        var between = from use in uses
                      let ends = (From: LayerAt(level, use.From), To: LayerAt(level, use.To))
                      where ends.From is not null && ends.To is not null && ends.From != ends.To
                      select (ends.From, ends.To, use);
        return _usesOf[level] = between.ToLookup(use => use.From, use => (use.To, use.use));
    }

    /// <summary>The layer of a level that a folder lies in; null when it lies elsewhere.</summary>
    private static string? LayerAt(string level, string folder)
    {
        if (folder == level) return level;
        var prefix = level.Length == 0 ? "" : level + "/";
        return folder.StartsWith(prefix, StringComparison.Ordinal) ? prefix + folder[prefix.Length..].Split('/')[0] : null;
    }

    private static IEnumerable<string> Above(string folder)
    {
        for (var slash = folder.LastIndexOf('/'); slash > 0; slash = folder.LastIndexOf('/', slash - 1)) yield return folder[..slash];
    }

    private static string Name(string level, string layer) => layer == level ? $"{layer}/*.cs" : layer;
}
