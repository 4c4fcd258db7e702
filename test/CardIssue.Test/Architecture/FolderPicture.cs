using System.Globalization;
using System.Text;

namespace CardIssue.Test.Architecture;

/// <summary>Draws the layers of an assembly as a Mermaid flowchart: who uses stands above who is used; an arrow that others imply is left out.</summary>
internal static class FolderPicture
{
    public static string Of(FolderGraph graph, string assembly)
    {
        var text = new StringBuilder("```mermaid\nflowchart TB\n");
        Draw(text, graph, "", assembly, 1);
        return text.Append("```\n").ToString();
    }

    private static void Draw(StringBuilder text, FolderGraph graph, string level, string name, int depth)
    {
        var indent = new string(' ', 2 * depth);
        var layers = graph.LayersOf(level);
        foreach (var layer in layers)
        {
            if (layer != level && graph.Levels.Contains(layer))
            {
                text.Append(CultureInfo.InvariantCulture, $"{indent}subgraph {Id(layer)}[\"{NameOf(layer)}\"]\n");
                Draw(text, graph, layer, NameOf(layer), depth + 1);
                text.Append(CultureInfo.InvariantCulture, $"{indent}end\n");
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"{indent}{NodeId(level, layer)}[\"{(layer == level ? $"{name}: own files" : NameOf(layer))}\"]\n");
            }
        }
        foreach (var layer in layers)
            foreach (var used in Direct(graph, level, layer))
                text.Append(CultureInfo.InvariantCulture, $"{indent}{NodeId(level, layer)} --> {NodeId(level, used)}\n");
    }

    /// <summary>What a layer uses, without what it uses through others anyway.</summary>
    private static IEnumerable<string> Direct(FolderGraph graph, string level, string layer)
    {
        var used = graph.UsedBy(level, layer);
        return used.Except(used.SelectMany(one => graph.ReachedBy(level, one).Where(other => other != one)));
    }

    private static string NodeId(string level, string layer) => layer == level ? $"{Id(layer)}_own" : Id(layer);

    private static string Id(string layer) => layer.Length == 0 ? "assembly" : layer.Replace('/', '_');

    private static string NameOf(string layer) => layer[(layer.LastIndexOf('/') + 1)..];
}
