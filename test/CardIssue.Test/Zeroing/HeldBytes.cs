using System.Collections;
using System.Reflection;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Zeroing;

/// <summary>
/// The very arrays of bytes that an object holds, itself or by way of what it holds. They are collected while it is in use, and
/// looked at when it should have zeroed them.
/// A <see cref="ByteString"/> is passed over: what is in one is not secret.
/// </summary>
internal sealed class HeldBytes
{
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private readonly List<(string Path, byte[] Bytes)> _held = [];
    private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);

    private HeldBytes()
    {
    }

    public int Count => _held.Count;

    public static HeldBytes Of(params object[] owners)
    {
        var held = new HeldBytes();
        foreach (var owner in owners) held.Walk(owner, owner.GetType().Name);
        return held;
    }

    /// <summary>Where a byte is in them that is not zero.</summary>
    public IEnumerable<string> Left => _held.Where(h => h.Bytes.AsSpan().ContainsAnyExcept((byte)0)).Select(h => h.Path).Order();

    /// <summary>Which values other than zero are in them, each once.</summary>
    public IEnumerable<byte> Values => _held.SelectMany(h => h.Bytes).Where(b => b != 0).Distinct().Order();

    /// <summary>Whether these bytes are in one of them.</summary>
    public bool Hold(ReadOnlySpan<byte> bytes)
    {
        foreach (var (_, held) in _held)
            if (held.AsSpan().IndexOf(bytes) >= 0) return true;
        return false;
    }

    private void Walk(object? value, string path)
    {
        if (value is null or string or Delegate or Type or ByteString) return;
        var type = value.GetType();
        if (type.IsPrimitive || type.IsEnum || type.IsPointer) return;
        if (!type.IsValueType && !_seen.Add(value)) return;
        if (value is byte[] bytes) _held.Add((path, bytes));
        else if (value is Array or IList && value is IEnumerable all) WalkAll(all, path);
        else if (type.Namespace?.StartsWith("CardIssue", StringComparison.Ordinal) is true || type.Name.StartsWith("ValueTuple",
            StringComparison.Ordinal)) WalkFields(value, path);
    }

    private void WalkAll(IEnumerable all, string path)
    {
        foreach (var (element, i) in all.Cast<object?>().Select((e, i) => (e, i))) Walk(element, $"{path}[{i}]");
    }

    private void WalkFields(object value, string path)
    {
        for (var type = value.GetType(); type is not null; type = type.BaseType)
            foreach (var field in type.GetFields(Own))
                if (!field.FieldType.IsPointer) Walk(field.GetValue(value), $"{path}.{field.Name}");
    }
}
