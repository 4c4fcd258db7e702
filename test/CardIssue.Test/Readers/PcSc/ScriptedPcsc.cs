using CardIssue.Core.Primitives;
using CardIssue.Reader.PcSc.Binding;

namespace CardIssue.Test.Readers.PcSc;

/// <summary>A smart card service with one reader, for what vpcd can't do: a reader that is unplugged, a mute card, a reset by another program, a driver that hangs.</summary>
internal sealed class ScriptedPcsc(bool signalsReaders = true) : IPcscApi
{
    public const string Reader = "Scripted 00 00";

    private readonly object _sync = new();
    private PcscState _state = PcscState.Unavailable;
    private int _counter, _cancellations;
    private readonly HashSet<nint> _alive = [];
    private nint _service = 1, _handles;

    public bool SignalsReaders => signalsReaders;

    /// <summary>Calls to connect wait for this.</summary>
    public ManualResetEventSlim Connects { get; } = new(true);

    /// <summary>Commands wait for this.</summary>
    public ManualResetEventSlim Transmits { get; } = new(true);

    /// <summary>How many attributes the reader tells before it goes.</summary>
    public int Attributes { get; set; } = int.MaxValue;

    /// <summary>How often a card's power was taken.</summary>
    public int PowerOffs { get; private set; }

    public PcscCode ConnectCode { get; set; }

    public PcscCode TransmitCode { get; set; }

    /// <summary>How often the plug-and-play reader was asked about.</summary>
    public int ReaderWaits { get; private set; }

    /// <summary>Unavailable means: unplugged.</summary>
    public void Set(PcscState state)
    {
        lock (_sync)
        {
            (_state, _counter) = (state, _counter + 1);
            Monitor.PulseAll(_sync);
        }
    }

    /// <summary>Every connection is dead; with the service, every context is, too.</summary>
    public void Drop(bool withService)
    {
        lock (_sync)
        {
            _alive.Clear();
            if (withService) _service++;
        }
    }

    public PcscCode EstablishContext(out nint context)
    {
        context = _service;
        return PcscCode.Success;
    }

    public PcscCode ReleaseContext(nint context) => PcscCode.Success;

    public PcscCode Cancel(nint context)
    {
        lock (_sync)
        {
            _cancellations++;
            Monitor.PulseAll(_sync);
        }
        return PcscCode.Success;
    }

    public PcscCode ListReaders(nint context, out IReadOnlyList<string> readers)
    {
        readers = [];
        return PcscCode.NoReaders;
    }

    public PcscCode GetStatusChange(nint context, TimeSpan? timeout, Span<ReaderState> states)
    {
        lock (_sync)
        {
            var (cancellations, counter, isReader) = (_cancellations, _counter, states[0].Name == Reader);
            if (!isReader) ReaderWaits++;
            while (true)
            {
                if (isReader && _state == PcscState.Unavailable && states[0].Known == PcscState.Unaware) return PcscCode.UnknownReader;
                var now = isReader ? _state | (PcscState)(_counter << 16) : PcscState.Unaware;
                if (isReader ? now != states[0].Known : _counter != counter)
                {
                    states[0].Event = now | PcscState.Changed | (_state == PcscState.Unavailable ? PcscState.Unknown : 0);
                    states[0].Atr = (now & PcscState.Present) != 0 && (now & PcscState.Mute) == 0 ? ByteString.Copy(VpcdCard.AtrT1) : default;
                    return PcscCode.Success;
                }
                if (cancellations != _cancellations) return PcscCode.Cancelled;
                if (!Monitor.Wait(_sync, timeout ?? Timeout.InfiniteTimeSpan)) return PcscCode.Timeout;
            }
        }
    }

    /// <summary>What is agreed on with the card at the next connection or reset.</summary>
    public PcscProtocols Active { get; set; } = PcscProtocols.T1;

    public PcscCode Connect(nint context, string reader, PcscShare share, PcscProtocols protocols, out nint card, out PcscProtocols active)
    {
        Connects.Wait();
        (card, active) = (0, Active);
        lock (_sync)
        {
            if (context != _service) return PcscCode.InvalidHandle;
            if (ConnectCode is PcscCode.Success) _alive.Add(card = ++_handles);
            return ConnectCode;
        }
    }

    public PcscCode Reconnect(nint card, PcscShare share, PcscProtocols protocols, PcscDisposition initialization, out PcscProtocols active)
    {
        active = Active;
        if (IsDead(card)) return PcscCode.InvalidHandle;
        TransmitCode = PcscCode.Success;
        return PcscCode.Success;
    }

    public PcscCode Disconnect(nint card, PcscDisposition disposition)
    {
        lock (_sync)
        {
            if (!_alive.Remove(card)) return PcscCode.InvalidHandle;
            if (disposition is PcscDisposition.Unpower) PowerOffs++;
            return PcscCode.Success;
        }
    }

    public PcscCode Status(nint card, out ByteString atr)
    {
        atr = ByteString.Copy(VpcdCard.AtrT1);
        return IsDead(card) ? PcscCode.InvalidHandle : PcscCode.Success;
    }

    public PcscCode Transmit(nint card, PcscProtocols protocol, ReadOnlySpan<byte> command, Span<byte> response, out int length)
    {
        length = 2;
        (response[0], response[1]) = (0x90, 0x00);
        Transmits.Wait();
        return IsDead(card) ? PcscCode.InvalidHandle : TransmitCode;
    }

    public PcscCode GetAttribute(nint card, PcscAttribute attribute, Span<byte> value, out int length)
    {
        length = 0;
        if (IsDead(card)) return PcscCode.InvalidHandle;
        if (Attributes-- <= 0) return PcscCode.ReaderUnavailable;
        byte[]? known = attribute switch
        {
            PcscAttribute.VendorName => [.. "Maker\0"u8],
            PcscAttribute.InterfaceDeviceType => [.. "Model X"u8],
            PcscAttribute.InterfaceDeviceVersion => [0x00, 0x00, 0x10, 0x02],
            PcscAttribute.InterfaceDeviceSerial => [.. "\0"u8],
            PcscAttribute.Channel => [0x03, 0x01, 0x20, 0x00],
            _ => null,
        };
        length = known?.Length ?? 0;
        known.AsSpan().CopyTo(value);
        return known is null ? PcscCode.InternalError : PcscCode.Success;
    }

    private bool IsDead(nint card)
    {
        lock (_sync) return !_alive.Contains(card);
    }
}
