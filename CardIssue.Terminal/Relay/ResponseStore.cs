using System.Security.Cryptography;
using CardIssue.Core;
using CardIssue.Core.Protocol;

namespace CardIssue.Terminal.Relay;

/// <summary>What the card has said to the script under way, pinned, until it is reported and zeroed.</summary>
internal sealed class ResponseStore : IDisposable
{
    private readonly List<byte[]> _pinned = [];
    private readonly Lock _gate = new();

    /// <summary>Keeps a copy of a response APDU.</summary>
    public void Add(ReadOnlySpan<byte> response)
    {
        lock (_gate)
        {
            if (_pinned.Count >= Limits.MaxScriptCommands) throw new InvalidOperationException("More responses than a script has commands.");
            var copy = GC.AllocateUninitializedArray<byte>(response.Length, pinned: true);
            response.CopyTo(copy);
            _pinned.Add(copy);
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
        }
    }

    public void Dispose() => Clear();
}
