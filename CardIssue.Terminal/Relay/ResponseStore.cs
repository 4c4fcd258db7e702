using System.Security.Cryptography;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Terminal.Relay;

/// <summary>What the card has said to the script under way, pinned, until it is reported and zeroed.</summary>
internal sealed class ResponseStore : IDisposable
{
    private readonly List<byte[]> _pinned = [];
    private readonly Lock _gate = new();
    private int _room = FieldLimits.MaxResponses;

    /// <summary>Keeps a copy of a response APDU.</summary>
    /// <returns>False when it does not fit into one <see cref="Result"/> with those before it; then it is not kept.</returns>
    public bool TryAdd(ReadOnlySpan<byte> response)
    {
        lock (_gate)
        {
            var taken = FieldLimits.RoomOf(response.Length);
            if (taken > _room || _pinned.Count == ProtocolLimits.MaxScriptCommands) return false;
            var copy = GC.AllocateUninitializedArray<byte>(response.Length, pinned: true);
            response.CopyTo(copy);
            _pinned.Add(copy);
            _room -= taken;
            return true;
        }
    }

    /// <summary>Lends the responses to <paramref name="use"/> without a copy, then zeroes them.</summary>
    public TResult Drain<TResult>(Func<ValueList<ByteString>, TResult> use)
    {
        lock (_gate)
        {
            try
            {
                return use([.. _pinned.Select(ByteString.Own)]);
            }
            finally
            {
                Clear();
            }
        }
    }

    /// <summary>Zeroes the responses.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            foreach (var response in _pinned) CryptographicOperations.ZeroMemory(response);
            _pinned.Clear();
            _room = FieldLimits.MaxResponses;
        }
    }

    public void Dispose() => Clear();
}
