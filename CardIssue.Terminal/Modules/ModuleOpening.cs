using System.Security.Cryptography;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Terminal.Modules;

/// <summary>One card that is open in a software module: its keys, and which command comes next.</summary>
internal sealed class ModuleOpening : IDisposable
{
    private readonly OpeningKey _key;
    private readonly SecureChannelSession _session;
    private readonly int _authenticateAt;
    private int _scriptAt, _scriptCount, _nextIndex;

    /// <summary>Takes over key and session.</summary>
    /// <param name="context">What the ticket said, verified.</param>
    /// <param name="authenticateAt">The first sequence number of the Authenticate script.</param>
    /// <param name="key">The opening's key.</param>
    /// <param name="session">The card's session.</param>
    public ModuleOpening(OpeningContext context, int authenticateAt, OpeningKey key, SecureChannelSession session) =>
        (Context, _authenticateAt, _key, _session) = (context, authenticateAt, key, session);

    public OpeningContext Context { get; }

    /// <summary>
    /// Whether this is the command that must come next. A command left out would part the module's counters from the center's, so none may be:
    /// not inside a script, and not at its end.
    /// </summary>
    public bool IsNext(Script script, int sequence)
    {
        var index = sequence - script.First;
        if (index < 0 || index >= script.Count) return false;
        var begun = _nextIndex > 0 && _nextIndex < _scriptCount;
        if (begun) return script.First == _scriptAt && script.Count == _scriptCount && index == _nextIndex;
        var isFirstScript = _scriptCount == 0;
        return index == 0 && isFirstScript == (script.Kind == ScriptKind.Authenticate) && (!isFirstScript || script.First == _authenticateAt);
    }

    public ModuleRefusal Unseal(Script script, int sequence, ReadOnlySpan<byte> payload, Span<byte> plain, Span<byte> wrapped, out int length)
    {
        length = 0;
        var index = sequence - script.First;
        var context = new CommandContext(script, index);
        try
        {
            if (!SealedCommand.TryOpen(_key, context, payload, plain, out var plainLength)) return ModuleRefusal.BadSeal;
            var refusal = script.Kind == ScriptKind.Authenticate && index == 0
                ? Authenticate(plain[..plainLength], wrapped, out length)
                : Wrap(plain[..plainLength], wrapped, out length);
            if (refusal == ModuleRefusal.None) (_scriptAt, _scriptCount, _nextIndex) = (script.First, script.Count, index + 1);
            return refusal;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    public void Dispose()
    {
        _key.Dispose();
        _session.Dispose();
    }

    /// <summary>The center sealed the EXTERNAL AUTHENTICATE that its session made; the module's own, from the ticket's keys, must be the same.</summary>
    private ModuleRefusal Authenticate(ReadOnlySpan<byte> plain, Span<byte> wrapped, out int length)
    {
        length = 0;
        var own = _session.ExternalAuthenticate().ToBytes();
        if (!CryptographicOperations.FixedTimeEquals(own.Span, plain))
        {
            _session.Dispose();
            return ModuleRefusal.BadTicket;
        }
        own.Span.CopyTo(wrapped);
        length = own.Length;
        return ModuleRefusal.None;
    }

    private ModuleRefusal Wrap(ReadOnlySpan<byte> plain, Span<byte> wrapped, out int length)
    {
        try
        {
            length = _session.Wrap(plain, wrapped);
            return ModuleRefusal.None;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // Sealed by the center, yet no command of this channel: the center's fault, told to it as a refusal. The message could quote the command, so it goes no further.
            length = 0;
            return ModuleRefusal.NotWrappable;
        }
    }
}
